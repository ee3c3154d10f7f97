"""The call decorator for OpenAI's models."""

from __future__ import annotations

from typing import TypeAlias

from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion

from mirascope.core._calls.decorator import Call
from mirascope.core.openai._provider import PROVIDER
from mirascope.core.openai.call_params import OpenAICallParams
from mirascope.core.openai.call_response import OpenAICallResponse
from mirascope.core.openai.stream import OpenAIStream

OpenAICall: TypeAlias = Call[
    OpenAI, AsyncOpenAI, ChatCompletion, OpenAICallResponse, OpenAIStream, OpenAICallParams
]

openai_call: OpenAICall = Call(PROVIDER)
call = openai_call
