"""Amazon Bedrock: its Converse API, through botocore.

botocore is sync: async calls run it in worker threads. It builds, signs and sends the requests; of
a stream, the bytes of its HTTP response are read here. A client that exposes none, such as a
stubbed one, has its own events read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from typing_extensions import override

from mirascope.core._calls.provider import Arguments, ChatAPI, Provider
from mirascope.core._dialects.stainless import forces_tools
from mirascope.core._engine.source import AsyncSource, ItemSource, Source
from mirascope.core._errors.redaction import credentials_in
from mirascope.core._transports.threads import in_thread, open_in_thread
from mirascope.core._transports.urllib3_source import Urllib3Source
from mirascope.core._wire.events import MalformedEventError
from mirascope.core.bedrock import _sdk
from mirascope.core.bedrock._client import CLIENTS, sending
from mirascope.core.bedrock._encoder import encode, request_arguments
from mirascope.core.bedrock._errors import ERRORS
from mirascope.core.bedrock._sdk import BedrockClient, ConverseResponse
from mirascope.core.bedrock.call_response import BedrockCallResponse
from mirascope.core.bedrock.stream import BedrockStream
from mirascope.core.bedrock.tool import BedrockTool


class _BedrockAPI(ChatAPI[BedrockClient, BedrockClient, ConverseResponse]):
    @override
    def create(self, client: BedrockClient, arguments: Arguments) -> ConverseResponse:
        with sending(client, arguments):
            response = client.converse(**request_arguments(arguments))
        if "output" not in response:
            raise MalformedEventError("it has no output")
        return response

    @override
    async def acreate(self, client: BedrockClient, arguments: Arguments) -> ConverseResponse:
        return await in_thread(partial(self.create, client, arguments))

    @override
    def open(self, client: BedrockClient, arguments: Arguments) -> Source:
        with sending(client, arguments) as request:
            response = client.converse_stream(**request_arguments(arguments))
        if request.response is None:
            return ItemSource(response["stream"])
        return Urllib3Source(request.response)

    @override
    async def aopen(self, client: BedrockClient, arguments: Arguments) -> AsyncSource:
        return await open_in_thread(partial(self.open, client, arguments))

    @override
    def secrets(self, client: Any) -> Iterable[str]:
        """Return the credentials, for which a client has no public attribute."""
        signer = getattr(client, "_request_signer", None)
        held = [getattr(signer, name, None) for name in ("_credentials", "_auth_token")]
        frozen = [getattr(each, "_frozen_token", None) for each in held]
        token = {"token": os.environ.get("AWS_BEARER_TOKEN_BEDROCK", "")}
        tokens = [{"token": getattr(each, "token", None)} for each in (*held, *frozen)]
        return credentials_in(*held, *tokens, token)

    @override
    def without_retries(
        self, client: BedrockClient, arguments: Arguments
    ) -> tuple[BedrockClient, Arguments]:
        return client, {**arguments, "retries": False}

    @override
    def own_retries(self, client: BedrockClient, arguments: Arguments) -> int | None:
        config = cast("dict[str, int]", client.meta.config.retries or {})
        attempts = config.get("total_max_attempts")
        return None if attempts is None else max(0, attempts - 1)


PROVIDER = Provider(
    name="bedrock",
    errors=ERRORS,
    client_types=(_sdk.BaseClient, _sdk.BaseClient),
    clients=CLIENTS,
    api=_BedrockAPI(),
    encode=encode,
    supports_format=lambda _: False,
    forces_tools=lambda params: forces_tools(
        {"extra_body": params.get("additionalModelRequestFields")}
    ),
    tool_type=BedrockTool,
    response_type=BedrockCallResponse,
    stream_type=BedrockStream,
)
