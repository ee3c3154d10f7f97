"""Cassettes of ``vcrpy``, read as recordings.

They keep no moments: each body is one arrival. The provider is found by the host of the URI.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlsplit

from mirascope.testing._formats import FORMATS
from mirascope.testing.recording._exchange import (
    KEPT_HEADERS,
    Arrival,
    Exchange,
    RecordedRequest,
    RecordedResponse,
    RecordingError,
    value_of,
    without_credentials,
)

_OLDER_HOSTS: Final = {"api.cohere.ai": "cohere"}
_GZIP: Final = b"\x1f\x8b"


def exchanges_of_cassette(content: Mapping[str, Any]) -> list[Exchange]:
    """Return the exchanges of a cassette.

    Raises:
        RecordingError: A host is no provider's.
        ValueError, TypeError, LookupError: It is no cassette.
    """
    return [_exchange(each) for each in content["interactions"]]


def _exchange(interaction: Mapping[str, Any]) -> Exchange:
    request, response = interaction["request"], interaction["response"]
    provider, path = _provider_and_path(request["uri"])
    given: Any = response.get("status", response.get("status_code", 200))
    return Exchange(
        RecordedRequest(provider, request.get("method", "POST"), path, _request_body(request)),
        RecordedResponse(
            status=int(given if isinstance(given, int) else given["code"]),
            headers=_headers(response.get("headers") or {}),
            arrivals=[Arrival(0.0, data)] if (data := _response_body(response)) else [],
        ),
    )


def _provider_and_path(uri: str) -> tuple[str, str]:
    """Return the provider, and the path below its base URL."""
    parts = urlsplit(uri)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    for name, wire_format in FORMATS.items():
        known = urlsplit(wire_format.upstream)
        is_known = _is_at(parts, known, wire_format.host)
        if is_known or _OLDER_HOSTS.get(parts.hostname or "") == name:
            return name, without_credentials(path.removeprefix(known.path))
    hosts = dict.fromkeys(str(urlsplit(each.upstream).hostname) for each in FORMATS.values())
    raise RecordingError(
        f"the host {parts.hostname!r} of {parts.scheme}://{parts.hostname}{parts.path} is no"
        f" provider's: remove that interaction; the hosts of providers are: {', '.join(hosts)}"
    )


def _is_at(parts: SplitResult, known: SplitResult, pattern: str) -> bool:
    """Return whether a URI is at a provider's host; servers of one machine differ by port."""
    is_host = fnmatch(parts.hostname or "", pattern or known.hostname or "")
    return is_host and (bool(pattern) or known.port in {None, parts.port})


def _request_body(request: Mapping[str, Any]) -> object:
    if "parsed_body" in request:  # as pydantic-ai writes JSON
        return request["parsed_body"]
    body = request.get("body")
    return value_of(_decompressed(body) if isinstance(body, bytes) else body or "")


def _response_body(response: Mapping[str, Any]) -> bytes:
    if "parsed_body" in response:
        parsed = response["parsed_body"]
        return parsed.encode() if isinstance(parsed, str) else json.dumps(parsed).encode()
    body = response.get("body", response.get("content"))  # the latter of vcrpy's older httpx stub
    if isinstance(body, Mapping):
        body = cast("Mapping[str, object]", body).get("string")
    data = body.encode() if isinstance(body, str) else body or b""
    return _decompressed(data) if isinstance(data, bytes) else b""


def _decompressed(data: bytes) -> bytes:
    """Return bytes without gzip: a cassette keeps the header when vcrpy has decoded the body."""
    try:
        return gzip.decompress(data) if data.startswith(_GZIP) else data
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"a compressed body cannot be read: {error}") from error


def _headers(headers: Mapping[str, Any]) -> dict[str, str]:
    values = {name.lower(): value for name, value in headers.items()}
    return {name: _first(values[name]) for name in KEPT_HEADERS if values.get(name)}


def _first(value: object) -> str:
    return str(cast("list[object]", value)[0] if isinstance(value, list) else value)
