"""The call decorator for the models of Amazon Bedrock."""

from __future__ import annotations

from typing import TypeAlias

from mirascope.core._calls.decorator import Call
from mirascope.core.bedrock._provider import PROVIDER
from mirascope.core.bedrock._sdk import BedrockClient, ConverseResponse
from mirascope.core.bedrock.call_params import BedrockCallParams
from mirascope.core.bedrock.call_response import BedrockCallResponse
from mirascope.core.bedrock.stream import BedrockStream

_BedrockCall: TypeAlias = Call[
    BedrockClient,
    BedrockClient,
    ConverseResponse,
    BedrockCallResponse,
    BedrockStream,
    BedrockCallParams,
]

bedrock_call: _BedrockCall = Call(PROVIDER)
call = bedrock_call
