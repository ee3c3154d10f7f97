"""The list of the providers that the tests run for."""

from __future__ import annotations

from support.cases import Case
from support.providers.anthropic import ANTHROPIC
from support.providers.cohere import COHERE
from support.providers.gemini import GEMINI
from support.providers.groq import GROQ
from support.providers.mistral import MISTRAL
from support.providers.openai import OPENAI

CASES: list[Case] = [ANTHROPIC, COHERE, GEMINI, GROQ, MISTRAL, OPENAI]
