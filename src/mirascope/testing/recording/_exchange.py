"""One request and its response, as a recording keeps them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, cast
from urllib.parse import parse_qsl, urlencode

from mirascope.testing import loopback
from mirascope.testing._formats import FORMATS

REDACTED: Final = "[redacted]"
"""What stands in a file in the place of a secret; in a request it matches any text."""

KEPT_HEADERS: Final = ("content-type", "retry-after", "retry-after-ms", "x-should-retry")
"""The headers of a response that a file keeps: those that the SDKs act on."""

_BOUNDARY: Final = re.compile(r'^multipart/.*boundary="?([^";]+)', re.IGNORECASE)
_CREDENTIAL: Final = re.compile(r"key|token|secret|signature|auth|password", re.IGNORECASE)


class RecordingError(ValueError):
    """A recording cannot be read or made. The message names the file and what to do."""


class Arrival(NamedTuple):
    """Bytes of a body that arrive together.

    Attributes:
        at: When they arrive, in seconds since the request.
        data: The bytes.
    """

    at: float
    data: bytes


@dataclass(frozen=True)
class RecordedRequest:
    """A request.

    Attributes:
        provider: The name of the provider.
        method: The HTTP method.
        path: The path below the provider's base URL, and the query without credentials.
        body: The value of the JSON, or a text, or bytes, or ``None`` if there is no body.
    """

    provider: str
    method: str
    path: str
    body: object

    @property
    def streamed(self) -> bool:
        """Whether a streamed response is requested."""
        body = self.body
        fields = cast("dict[str, object]", body) if isinstance(body, dict) else {}
        return FORMATS[self.provider].is_streamed(self.path, fields)

    def matches(self, sent: RecordedRequest) -> bool:
        """Return whether a request that is sent is the recorded one."""
        return (
            (self.provider, self.method) == (sent.provider, sent.method)
            and _equal(self.path, sent.path)
            and _equal(self.body, sent.body)
        )

    def without(self, ignored: Collection[str]) -> RecordedRequest:
        """Return the request without some fields of its body.

        Args:
            ignored: Names of fields, with dots for those inside: ``"metadata.session"``; ``"*"``
                is every field or item.
        """
        body = self.body
        for name in ignored:
            body = _without(body, name.split("."))
        return replace(self, body=body)


@dataclass
class RecordedResponse:
    """A response, as far as it was received.

    Attributes:
        status: The HTTP status; ``None`` if the response has not begun.
        headers: Its headers among `KEPT_HEADERS`.
        at: When it began, in seconds since the request.
        arrivals: The body.
        cut: When the client disconnected, if it did before the end.
        broken: When the provider's connection broke, if it did.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    at: float = 0.0
    arrivals: list[Arrival] = field(default_factory=list[Arrival])
    cut: float | None = None
    broken: float | None = None

    @property
    def size(self) -> int:
        """The number of bytes of the body."""
        return sum(len(arrival.data) for arrival in self.arrivals)


@dataclass(frozen=True)
class Exchange:
    """A request and its response."""

    request: RecordedRequest
    response: RecordedResponse


def target_of(received: loopback.Request) -> tuple[str, str]:
    """Return the provider that a request is for, and the path and query below its base URL.

    Raises:
        ValueError: It is none of a provider's.
    """
    name, _, path = received.path.removeprefix("/").partition("/")
    if name not in FORMATS:
        raise ValueError(f"there is nothing at {received.method} {received.path}")
    return name, f"/{path}".removeprefix(FORMATS[name].url_path)


def request_of(received: loopback.Request) -> RecordedRequest:
    """Read a request; see `target_of`. The boundary of a multipart body is always the same."""
    provider, path = target_of(received)
    data, boundary = received.body, _BOUNDARY.search(received.headers.get("content-type", ""))
    body = value_of(data.replace(boundary[1].encode(), b"boundary") if boundary else data)
    return RecordedRequest(provider, received.method, without_credentials(path), body)


def without_credentials(path: str) -> str:
    """Return a path without those fields of its query that hold credentials."""
    path, _, query = path.partition("?")
    kept = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if not _CREDENTIAL.search(name)
    ]
    return f"{path}?{urlencode(kept)}" if kept else path


def value_of(body: bytes | str) -> object:
    """Return the value of a body: of JSON, of another text, or bytes; ``None`` if it is empty."""
    if not body:
        return None
    try:
        return cast("object", json.loads(body))
    except ValueError:  # also of bytes that are no text
        pass
    try:
        return body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError:
        return body


def _equal(recorded: object, sent: object) -> bool:
    match recorded, sent:
        case dict(), dict():
            ours = cast("dict[str, object]", recorded)
            theirs = cast("dict[str, object]", sent)
            return ours.keys() == theirs.keys() and all(_equal(ours[k], theirs[k]) for k in ours)
        case list(), list():
            items = cast("list[object]", recorded), cast("list[object]", sent)
            return len(items[0]) == len(items[1]) and all(map(_equal, *items))
        case str(), str() if REDACTED in recorded:
            pattern = ".*".join(map(re.escape, recorded.split(REDACTED)))
            return re.fullmatch(pattern, sent, re.DOTALL) is not None
        case _:
            return isinstance(recorded, bool) == isinstance(sent, bool) and recorded == sent


def _without(value: object, names: list[str]) -> object:
    """Return a value of JSON without a field, which is inside of others."""
    name, *inner = names
    if isinstance(value, list):
        items = enumerate(cast("list[object]", value))
        return [v for _, v in _kept(((str(index), item) for index, item in items), name, inner)]
    if isinstance(value, Mapping):
        return dict(_kept(cast("Mapping[str, object]", value).items(), name, inner))
    return value


def _kept(
    items: Collection[tuple[str, object]] | object, name: str, inner: list[str]
) -> list[tuple[str, object]]:
    kept: list[tuple[str, object]] = []
    for key, item in cast("Collection[tuple[str, object]]", items):
        if name not in {key, "*"}:
            kept.append((key, item))
        elif inner:
            kept.append((key, _without(item, inner)))
    return kept
