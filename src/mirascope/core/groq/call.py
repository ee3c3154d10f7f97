"""The call decorator for Groq's models."""

from __future__ import annotations

from typing import TypeAlias

from groq import AsyncGroq, Groq
from groq.types.chat import ChatCompletion

from mirascope.core._calls.decorator import Call
from mirascope.core.groq._provider import PROVIDER
from mirascope.core.groq.call_params import GroqCallParams
from mirascope.core.groq.call_response import GroqCallResponse
from mirascope.core.groq.stream import GroqStream

_GroqCall: TypeAlias = Call[
    Groq, AsyncGroq, ChatCompletion, GroqCallResponse, GroqStream, GroqCallParams
]

groq_call: _GroqCall = Call(PROVIDER)
call = groq_call
