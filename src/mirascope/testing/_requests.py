"""The requests that a server on loopback receives, as a test reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mirascope.testing import loopback
from mirascope.testing._formats import FORMATS
from mirascope.testing._formats.wire_format import Message, WireFormat

_SHOWN: Final = 200


@dataclass(frozen=True)
class Request:
    """A request that the code under test sent.

    Attributes:
        provider (str): The name of the provider.
        model (str): The name of the model.
        messages (Sequence[Message]): The messages, including system messages and outputs of tools.
            You can compare each one with a tuple of a role and a text.
        tools (Sequence[str]): The names of the tools that the model may call.
        stream (bool): Whether the request is for a stream.
        json (dict): The body.
        headers (dict): The headers, with names in lower case.
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
    """Read a request; the first folder of its path is that of its provider's server.

    Raises:
        ValueError: It is no request for which a reply can be written.
    """
    name, _, path = received.path.removeprefix("/").partition("/")
    wire_format = _format_of(name, f"/{path}".partition("?")[0])
    if wire_format is None:
        raise ValueError(f"no reply can be written for {received.method} {received.path}")
    body = json.loads(received.body)
    return Request(
        provider=wire_format.name,
        model=wire_format.model(f"/{path}", body),
        messages=wire_format.messages(body),
        tools=wire_format.tools(body),
        stream=wire_format.is_streamed(path, body),
        json=body,
        headers=received.headers,
    )


def cancelled_id(received: loopback.Request) -> str | None:
    """Return the id of the response that a request cancels; ``None`` if it cancels none."""
    folder, _, path = received.path.removeprefix("/").partition("/")
    for wire_format, below in _formats_below(folder, f"/{path}"):
        if found := re.fullmatch(wire_format.cancel_path or r"(?!)", below):
            return found[1]
    return None


def _format_of(folder: str, path: str) -> WireFormat | None:
    """Return the format of a request; ``None`` if there is none for its path."""
    for wire_format, below in _formats_below(folder, path):
        if re.fullmatch(wire_format.path, below):
            return wire_format
    return None


def _formats_below(folder: str, path: str) -> Iterator[tuple[WireFormat, str]]:
    """Yield the formats of a folder, each with the part of a path below its base URL."""
    for wire_format in FORMATS.values():
        if folder == (wire_format.folder or wire_format.name):
            yield wire_format, path.removeprefix(wire_format.url_path)
