"""Cohere's errors.

Its SDK has a class for what the API refuses and none for what happens to the connection, so those
are `ApiError` itself. A text of the SDK's has the response's headers in it; ours has not. And an
answer that fails on its way ends in good order, with a finish reason that says so.
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
from mirascope.core._wire.events import JSON, ProviderError, Record, text_or_none

_FAILED: Final[dict[str | None, int | None]] = {"ERROR": None, "TIMEOUT": 504}
"""Finish reasons that are failures, and the HTTP statuses of which they are the equivalent."""


def failure(end: Record) -> ProviderError | None:
    """Return the failure that the end of an answer reports, if it does."""
    reason, error = text_or_none(end.get("finish_reason")), text_or_none(end.get("error"))
    if reason not in _FAILED and error is None:
        return None
    message = error or f"the answer ended in {reason}"
    return ProviderError(message, status=_FAILED.get(reason), body=cast("JSON", end))


def _say(_: type[errors.StreamError], message: str, response: object, body: JSON) -> Exception:
    """Say it without a status: that of an answer that began well is no error's."""
    headers = dict(response.headers) if isinstance(response, httpx.Response) else None
    report = body if isinstance(body, dict) else {}
    return ApiError(headers=headers, body={**report, "message": message})


def _text(error: Any) -> str:
    body: object = error.body
    told = cast("Mapping[str, object]", body if isinstance(body, Mapping) else {})
    return str(told.get("message") or error.body)


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
    say=_say,
    text=_text,
)
