"""The call decorator for OpenAI's models on Azure."""

from __future__ import annotations

from typing import TypeAlias

from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion

from mirascope.core._calls.decorator import Call
from mirascope.core.azure._provider import PROVIDER
from mirascope.core.azure.call_params import AzureCallParams
from mirascope.core.azure.call_response import AzureCallResponse
from mirascope.core.azure.stream import AzureStream

_AzureCall: TypeAlias = Call[
    OpenAI, AsyncOpenAI, ChatCompletion, AzureCallResponse, AzureStream, AzureCallParams
]

azure_call: _AzureCall = Call(PROVIDER)
call = azure_call
