"""OpenAI's errors."""

from __future__ import annotations

import httpx2
import openai

from mirascope.core._dialects.stainless import stainless_errors

ERRORS = stainless_errors(openai.OpenAIError, openai, httpx2)
