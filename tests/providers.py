"""The list of the providers that the tests run for."""

from __future__ import annotations

from case_anthropic import ANTHROPIC
from case_openai import OPENAI
from cases import Case

CASES: list[Case] = [OPENAI, ANTHROPIC]
