"""The call decorator for OpenAI's models."""

from __future__ import annotations

from typing import TypeAlias

from openai import AsyncOpenAI, OpenAI
from openai.types.responses import Response

from mirascope.core._calls.decorator import Call
from mirascope.core.openai_responses._provider import PROVIDER
from mirascope.core.openai_responses.call_params import OpenAIResponsesCallParams
from mirascope.core.openai_responses.call_response import OpenAIResponsesCallResponse
from mirascope.core.openai_responses.stream import OpenAIResponsesStream

_OpenAIResponsesCall: TypeAlias = Call[
    OpenAI,
    AsyncOpenAI,
    Response,
    OpenAIResponsesCallResponse,
    OpenAIResponsesStream,
    OpenAIResponsesCallParams,
]

openai_responses_call: _OpenAIResponsesCall = Call(PROVIDER)
call = openai_responses_call
