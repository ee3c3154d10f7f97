"""Replies as a test writes them, and the responses that they become."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from typing_extensions import override

from mirascope.testing._formats import FORMATS
from mirascope.testing._formats.wire_format import (
    JSONObject,
    Reply,
    WireFormat,
    as_json,
    pieces,
)
from mirascope.testing._requests import Request
from mirascope.testing.loopback import Abort, Fault, Response, Stall, Wait

Pace: TypeAlias = Literal["fast", "live"]
"""How fast a reply is sent: at once, or piece by piece as a model makes it."""

MISSING: Final = object()
"""Stands for a value that is not given."""

_FIRST: Final = 0.3
_NEXT: Final = 0.03
_HEADERS: Final = {
    "request-id": "request-1",
    "x-amzn-requestid": "request-1",
    "x-request-id": "request-1",
}


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be a str, not {type(value).__name__}")


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a test wrote of a reply.

    Attributes:
        text: The text.
        by: The number of characters of a piece; ``None`` for words.
        reasoning: The reasoning.
        calls: The calls of tools: ids, names and arguments as JSON.
        value: The value of a response model, if there is one.
        usage: The tokens of the request and the reply.
        finish_reason: The finish reason, in the common words or in the provider's own.
    """

    text: str = ""
    by: int | None = None
    reasoning: str = ""
    calls: Sequence[tuple[str, str, str]] = ()
    value: object = MISSING
    usage: tuple[int, int] | None = None
    finish_reason: str | None = None

    def __post_init__(self) -> None:
        _check_text("text", self.text)
        _check_text("reasoning", self.reasoning)
        if self.by is not None and self.by not in range(1, sys.maxsize):
            raise ValueError(f"`by` is {self.by}; it must be a number of characters, 1 or more")
        if self.value is not MISSING:
            as_json(self.value)
        if self.usage is not None:
            _, _ = map(int, self.usage)

    def reply(self, wire_format: WireFormat, request: Request) -> Reply:
        """Return the reply to a request."""
        text, calls = self.text, list(self.calls)
        if self.value is not MISSING:
            if tool := self._tool_of(request):
                calls.insert(0, ("call_0", tool, as_json(self.value)))
            else:
                text += as_json(self.value)
        reason = self.finish_reason or ("tool_calls" if calls else "stop")
        reasonings, texts = pieces(self.reasoning, self.by), pieces(text, self.by)
        requested = sum(len(message.content.split()) for message in request.messages)
        return Reply(
            reasoning=reasonings,
            text=texts,
            calls=[(id_, name, pieces(given, self.by)) for id_, name, given in calls],
            usage=self.usage or (requested, len(reasonings) + len(texts) + len(calls)),
            finish_reason=wire_format.finish_reasons.get(reason, reason),
            model=request.model,
        )

    def _tool_of(self, request: Request) -> str | None:
        """Return the tool whose arguments are the value; ``None`` if the value is a text."""
        if hasattr(self.value, "model_dump"):
            name = type(self.value).__name__
            return name if name in request.tools else None
        return request.tools[0] if len(request.tools) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Script(ABC):
    """What happens to a request.

    Attributes:
        to: A part of the text of the request's last message.
    """

    to: str

    def __post_init__(self) -> None:
        _check_text("to", self.to)

    @abstractmethod
    def response(self, request: Request) -> Response:
        """Return the response to a request."""


@dataclass(frozen=True, kw_only=True)
class Complete(Script):
    """A reply that is complete.

    Attributes:
        contents: What it holds.
        pace: How fast it is sent.
    """

    contents: Contents
    pace: Pace

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pace not in {"fast", "live"}:
            raise ValueError(f'`pace` is {self.pace!r}; it must be "fast" or "live"')

    @override
    def response(self, request: Request) -> Response:
        wire_format = FORMATS[request.provider]
        reply = self.contents.reply(wire_format, request)
        if not request.stream:
            return _json(wire_format.whole(reply))
        events = [*wire_format.content(reply), *wire_format.end(reply)]
        script = events if self.pace == "fast" else _live(events)
        return Response(script, headers=_HEADERS)


def _json(
    body: JSONObject, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})
) -> Response:
    """Return a response with JSON, as all of a provider's."""
    response = Response.of_json(body, status)
    response.headers |= {**_HEADERS, **headers}
    return response


def _live(events: Iterable[bytes]) -> Iterator[bytes | Fault]:
    for index, event in enumerate(events):
        yield Wait(_NEXT if index else _FIRST)
        yield event


@dataclass(frozen=True, kw_only=True)
class Failed(Script):
    """An HTTP error.

    Attributes:
        status: The status.
        message: The message.
        headers: Further headers.
    """

    status: int
    message: str
    headers: dict[str, str]

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        if self.status not in range(400, 600):
            raise ValueError(f"`status` is {self.status}; it must be an HTTP error, 400 to 599")

    @override
    def response(self, request: Request) -> Response:
        body = FORMATS[request.provider].error_body(self.message, self.status)
        return _json(body, self.status, self.headers)


@dataclass(frozen=True, kw_only=True)
class Broken(Script):
    """A reply that does not come to its end.

    Attributes:
        contents: What is sent before.
        fault: What happens then.
        error: An error that is reported then: its message and the HTTP status that it is like.
    """

    contents: Contents
    fault: Stall | Abort | None = None
    error: tuple[str, int] = ("", 0)

    @override
    def response(self, request: Request) -> Response:
        wire_format = FORMATS[request.provider]
        reply = self.contents.reply(wire_format, request)
        if not request.stream:
            return self._plain(wire_format, wire_format.whole(reply))
        last = self.fault or wire_format.error_event(*self.error)
        sent = wire_format.content(reply) if self.contents.text else ()
        return Response([*sent, last], headers=_HEADERS)

    def _plain(self, wire_format: WireFormat, body: JSONObject) -> Response:
        if self.fault is None:
            message, status = self.error
            return _json(wire_format.error_body(message, status), status)
        if isinstance(self.fault, Stall):
            return Response(before=[self.fault])
        data = json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        return Response([data[: len(data) // 2], self.fault], headers=headers, length=len(data))
