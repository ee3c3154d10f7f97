"""The list of the providers that the tests run for."""

from __future__ import annotations

from case_anthropic import ANTHROPIC
from case_cohere import COHERE
from case_gemini import GEMINI
from case_groq import GROQ
from case_mistral import MISTRAL
from case_openai import OPENAI
from cases import Case

CASES: list[Case] = [ANTHROPIC, COHERE, GEMINI, GROQ, MISTRAL, OPENAI]
