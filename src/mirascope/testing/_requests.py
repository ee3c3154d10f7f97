"""The requests that a server on loopback receives, as a test reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mirascope.testing import loopback
from mirascope.testing._formats import FORMATS
from mirascope.testing._formats.wire_format import Message

_SHOWN: Final = 200


@dataclass(frozen=True)
class Request:
    """A request that the code under test has sent.

    Attributes:
        provider: The name of the provider that it was meant for.
        model: The name of the model.
        messages: Its messages, system messages and outputs of tools included; each is equal to a
            tuple of a role and a text.
        tools: The names of the tools that the model may call.
        stream: Whether a streamed reply is requested.
        json: The body.
        headers: The headers, their names in lower case.
    """

    provider: str
    model: str
    messages: Sequence[Message]
    tools: Sequence[str]
    stream: bool
    json: dict[str, Any] = field(repr=False)
    headers: dict[str, str] = field(repr=False)

    @property
    def last(self) -> str:
        """The text of the last message."""
        return self.messages[-1].content if self.messages else ""

    def __str__(self) -> str:
        role = self.messages[-1].role if self.messages else "no message"
        shown = self.last if len(self.last) <= _SHOWN else f"{self.last[:_SHOWN]}..."
        kind = "streamed" if self.stream else "plain"
        return f"{self.provider} {self.model!r}, {kind}, {role}: {shown!r}"


def read(received: loopback.Request) -> Request:
    """Read a request; the first folder of its path is the name of its provider.

    Raises:
        ValueError: It is no request for which a reply can be written.
    """
    name, _, path = received.path.removeprefix("/").partition("/")
    wire_format = FORMATS.get(name)
    below = f"/{path}".partition("?")[0].removeprefix(wire_format.url_path if wire_format else "")
    if wire_format is None or not re.fullmatch(wire_format.path, below):
        raise ValueError(f"no reply can be written for {received.method} {received.path}")
    body = json.loads(received.body)
    return Request(
        provider=name,
        model=wire_format.model(f"/{path}", body),
        messages=wire_format.messages(body),
        tools=wire_format.tools(body),
        stream=wire_format.is_streamed(path, body),
        json=body,
        headers=received.headers,
    )
