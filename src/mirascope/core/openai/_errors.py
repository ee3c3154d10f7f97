"""OpenAI's errors, which are those of its SDK's clients for named servers too."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import openai

from mirascope.core._calls.servers import key_advice
from mirascope.core._dialects.stainless import stainless_errors

ERRORS = replace(stainless_errors(openai.OpenAIError, openai, httpx2), key_advice=key_advice)
