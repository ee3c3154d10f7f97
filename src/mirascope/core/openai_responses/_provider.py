"""OpenAI: its Responses API, through its SDK, with the default clients of `core.openai`."""

from __future__ import annotations

import openai
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import Response

from mirascope.core._calls.provider import Provider
from mirascope.core._dialects.responses.background import ResponsesBackground
from mirascope.core._dialects.responses.encoder import create_method, encode
from mirascope.core._dialects.responses.errors import plain_failure
from mirascope.core._dialects.responses.tools import supports_format
from mirascope.core._dialects.stainless import StainlessAPI
from mirascope.core.openai._provider import PROVIDER as CHAT_COMPLETIONS
from mirascope.core.openai_responses.call_response import OpenAIResponsesCallResponse
from mirascope.core.openai_responses.stream import OpenAIResponsesStream
from mirascope.core.openai_responses.tool import OpenAIResponsesTool

PROVIDER = Provider(
    name="openai_responses",
    errors=CHAT_COMPLETIONS.errors,
    client_types=(OpenAI, AsyncOpenAI),
    clients=CHAT_COMPLETIONS.clients,
    api=StainlessAPI[OpenAI, AsyncOpenAI, Response](openai, create_method),
    encode=encode,
    supports_format=supports_format,
    failure=plain_failure,
    background=ResponsesBackground[OpenAI, AsyncOpenAI](openai),
    tool_type=OpenAIResponsesTool,
    response_type=OpenAIResponsesCallResponse,
    stream_type=OpenAIResponsesStream,
)
