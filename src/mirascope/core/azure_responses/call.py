"""The call decorator for OpenAI's models on Azure, through the Responses API."""

from __future__ import annotations

from typing import TypeAlias

from openai import AsyncOpenAI, OpenAI
from openai.types.responses import Response

from mirascope.core._calls.decorator import Call
from mirascope.core.azure_responses._provider import PROVIDER
from mirascope.core.openai_responses.call_params import OpenAIResponsesCallParams
from mirascope.core.openai_responses.call_response import OpenAIResponsesCallResponse
from mirascope.core.openai_responses.stream import OpenAIResponsesStream

_AzureResponsesCall: TypeAlias = Call[
    OpenAI,
    AsyncOpenAI,
    Response,
    OpenAIResponsesCallResponse,
    OpenAIResponsesStream,
    OpenAIResponsesCallParams,
]

azure_responses_call: _AzureResponsesCall = Call(PROVIDER)
call = azure_responses_call
