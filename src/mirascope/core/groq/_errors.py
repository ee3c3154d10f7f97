"""Groq's errors."""

from __future__ import annotations

import groq
import httpx

from mirascope.core._dialects.stainless import stainless_errors

ERRORS = stainless_errors(groq.GroqError, groq, httpx)
