"""Gemini's errors.

The SDK has a class for what the provider says, and lets what its HTTP library raises through as it
is; which library that is, is the choice of whoever makes the client.
"""

from __future__ import annotations

import ssl
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, cast

import anyio
from google.genai.errors import APIError, ClientError, ServerError, UnknownApiResponseError

from mirascope import errors
from mirascope.core._wire.events import JSON
from mirascope.core.base._errors import SDKErrors

_LIBRARIES: Final = tuple(
    cast("Any", import_module(name)) for name in ("httpx2", "httpx", "aiohttp") if find_spec(name)
)


def _of_libraries(*names: str) -> tuple[type[Exception], ...]:
    return tuple(
        getattr(library, name) for name in names for library in _LIBRARIES if hasattr(library, name)
    )


def said(message: str, code: int, status: str | None = None) -> APIError:
    """Return an error of the SDK that reads as its message."""
    error = _class(code)(code, {"code": code, "message": message, "status": status})
    error.args = (message,)
    return error


def _say(
    kind: type[errors.StreamError],  # noqa: ARG001  # the SDK has no classes for them
    message: str,
    response: object,
    body: JSON,
) -> Exception:
    if not isinstance(body, dict):
        error = said(message, 0)
        error.response = cast("Any", response)
        return error
    report = body.get("error")
    code = report.get("code") if isinstance(report, dict) else None
    code = code if isinstance(code, int) else 0
    return _class(code)(code, body, cast("Any", response))


def _class(code: int) -> type[APIError]:
    """Return the class that the SDK has for a status."""
    return {4: ClientError, 5: ServerError}.get(code // 100, APIError)


ERRORS = SDKErrors(
    provider="gemini",
    base=APIError,
    status_of=lambda error: error.code,
    timeouts=(TimeoutError, *_of_libraries("TimeoutException")),
    connections=(
        *_of_libraries("TransportError", "StreamError", "ClientError"),
        ssl.SSLError,
        anyio.EndOfStream,
    ),
    undecodable=(*_of_libraries("DecodingError"), UnknownApiResponseError),
    say=_say,
)
