"""The call decorator for Cohere's models."""

from __future__ import annotations

from typing import TypeAlias

from cohere import AsyncClient, Client, V2ChatResponse

from mirascope.core._calls.decorator import Call
from mirascope.core.cohere._provider import PROVIDER
from mirascope.core.cohere.call_params import CohereCallParams
from mirascope.core.cohere.call_response import CohereCallResponse
from mirascope.core.cohere.stream import CohereStream

_CohereCall: TypeAlias = Call[
    Client, AsyncClient, V2ChatResponse, CohereCallResponse, CohereStream, CohereCallParams
]

cohere_call: _CohereCall = Call(PROVIDER)
call = cohere_call
