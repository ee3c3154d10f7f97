"""The call decorator for Mistral's models."""

from __future__ import annotations

from typing import TypeAlias

from mistralai.client import Mistral
from mistralai.client.models import ChatCompletionResponse

from mirascope.core._calls.decorator import Call
from mirascope.core.mistral._provider import PROVIDER
from mirascope.core.mistral.call_params import MistralCallParams
from mirascope.core.mistral.call_response import MistralCallResponse
from mirascope.core.mistral.stream import MistralStream

_MistralCall: TypeAlias = Call[
    Mistral, Mistral, ChatCompletionResponse, MistralCallResponse, MistralStream, MistralCallParams
]

mistral_call: _MistralCall = Call(PROVIDER)
call = mistral_call
