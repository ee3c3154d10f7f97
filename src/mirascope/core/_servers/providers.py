"""The descriptions of named servers: OpenAI's, with other values.

An attribute of this module with the name of a server is its description.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import TypeAlias

from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion

from mirascope.core._calls.provider import Provider
from mirascope.core._calls.servers import SERVERS, Server
from mirascope.core._dialects.chat_completions.encoder import encode
from mirascope.core._dialects.chat_completions.tools import supports_format
from mirascope.core._dialects.stainless import forces_tools
from mirascope.core._servers.clients import clients_of
from mirascope.core.openai._provider import PROVIDER
from mirascope.core.openai.call_response import OpenAICallResponse
from mirascope.core.openai.stream import OpenAIStream

ServerProvider: TypeAlias = Provider[
    OpenAI, AsyncOpenAI, ChatCompletion, OpenAICallResponse, OpenAIStream
]


@cache
def provider_of(server: Server) -> ServerProvider:
    """Return the description of a server, always the same one."""
    return replace(
        PROVIDER,
        name=server.name,
        clients=clients_of(server),
        encode=partial(encode, server=server),
        supports_format=partial(supports_format, formats=server.formats),
        forces_tools=partial(_forces_tools, server),
    )


def _forces_tools(server: Server, call_params: Mapping[str, object]) -> bool:
    thinks = "disabled" if server.forces_tools == "always" else "enabled"
    return server.forces_tools != "never" and forces_tools(call_params, thinks)


def __getattr__(name: str) -> ServerProvider:
    if name not in SERVERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    return provider_of(SERVERS[name])
