"""The call decorator for Gemini models."""

from __future__ import annotations

from typing import TypeAlias

from google.genai import Client
from google.genai.types import GenerateContentResponse

from mirascope.core._calls.decorator import Call
from mirascope.core.gemini._provider import PROVIDER
from mirascope.core.gemini.call_params import GeminiCallParams
from mirascope.core.gemini.call_response import GeminiCallResponse
from mirascope.core.gemini.stream import GeminiStream

_GeminiCall: TypeAlias = Call[
    Client, Client, GenerateContentResponse, GeminiCallResponse, GeminiStream, GeminiCallParams
]

gemini_call: _GeminiCall = Call(PROVIDER)
call = gemini_call
