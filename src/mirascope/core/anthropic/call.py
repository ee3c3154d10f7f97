"""The call decorator for Anthropic's models."""

from __future__ import annotations

from typing import TypeAlias

from anthropic._base_client import AsyncAPIClient, SyncAPIClient
from anthropic.types import Message

from mirascope.core._calls.decorator import Call
from mirascope.core.anthropic._provider import PROVIDER
from mirascope.core.anthropic.call_params import AnthropicCallParams
from mirascope.core.anthropic.call_response import AnthropicCallResponse
from mirascope.core.anthropic.stream import AnthropicStream

_AnthropicCall: TypeAlias = Call[
    SyncAPIClient,  # that of Anthropic, or of a cloud
    AsyncAPIClient,
    Message,
    AnthropicCallResponse,
    AnthropicStream,
    AnthropicCallParams,
]

anthropic_call: _AnthropicCall = Call(PROVIDER)
call = anthropic_call
