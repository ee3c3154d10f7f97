"""Cohere's errors.

The SDK has classes for HTTP errors and none for connections, so those are `ApiError` itself. The
text of the SDK's errors contains the response's headers; the text here does not. A generation
that fails ends the stream regularly, with a finish reason that reports it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Final, cast

import anyio
import httpx
from cohere.core import ApiError, ParsingError

from mirascope import errors
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._wire.events import JSON, ProviderError, Record
from mirascope.core._wire.json_fields import text_or_none

_FAILED: Final[dict[str | None, int | None]] = {"ERROR": None, "TIMEOUT": 504}
"""Finish reasons that are failures, and the HTTP statuses that they are equivalent to."""


def failure(end: Record) -> ProviderError | None:
    """Return the failure that the end of a message reports, if it does."""
    reason, error = text_or_none(end.get("finish_reason")), text_or_none(end.get("error"))
    if reason not in _FAILED and error is None:
        return None
    message = error or f"the generation ended in {reason}"
    return ProviderError(message, status=_FAILED.get(reason), body=cast("JSON", end))


def _make_error(
    _: type[errors.StreamError], message: str, response: object, body: JSON
) -> Exception:
    """Return an error without a status: the response's is not that of an error."""
    headers = dict(response.headers) if isinstance(response, httpx.Response) else None
    report = body if isinstance(body, dict) else {}
    return ApiError(headers=headers, body={**report, "message": message})


def _message_of(error: Any) -> str:
    body: object = error.body
    report = cast("Mapping[str, object]", body if isinstance(body, Mapping) else {})
    return str(report.get("message") or error.body)


ERRORS = SDKErrors(
    base=ApiError,
    timeouts=(httpx.TimeoutException,),
    connections=(
        httpx.TransportError,
        httpx.InvalidURL,
        httpx.StreamError,
        ssl.SSLError,
        anyio.EndOfStream,
    ),
    undecodable=(httpx.DecodingError, ParsingError),
    make_sdk_error=_make_error,
    message_of=_message_of,
)
