"""Servers on one's own machine that speak OpenAI's Chat Completions."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion

from mirascope.core._calls.decorator import Call
from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core.openai import OpenAICallParams, OpenAICallResponse, OpenAIStream
from mirascope.core.openai._provider import PROVIDER

_LocalCall: TypeAlias = Call[
    OpenAI, AsyncOpenAI, ChatCompletion, OpenAICallResponse, OpenAIStream, OpenAICallParams
]


def local_call(name: str, url: str) -> _LocalCall:
    """Return the ``call`` decorator of a server, which looks at no key.

    Args:
        name: The provider's name, which is sent as the key too.
        url: The base URL.
    """
    clients = DefaultClients(
        make=lambda: OpenAI(base_url=url, api_key=name),
        amake=lambda: AsyncOpenAI(base_url=url, api_key=name),
        close=OpenAI.close,
        aclose=AsyncOpenAI.close,
        env=(),
    )
    return Call(replace(PROVIDER, name=name, clients=clients))
