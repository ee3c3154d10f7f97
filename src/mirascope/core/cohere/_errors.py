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
from mirascope.core._wire.events import JSON, ProviderError, Record
from mirascope.core.base._errors import SDKErrors

_FAILED: Final[dict[JSON, int | None]] = {"ERROR": None, "TIMEOUT": 504}
"""Finish reasons that are failures, and the HTTP statuses of which they are the equivalent."""


def failure(end: Record) -> ProviderError | None:
    """Return the failure that the end of an answer reports, if it does."""
    reason, error = end.get("finish_reason"), end.get("error")
    failed = isinstance(reason, str) and reason in _FAILED
    if not failed and not error:
        return None
    message = error if error and isinstance(error, str) else f"the answer ended in {reason}"
    return ProviderError(
        message, status=_FAILED[reason] if failed else None, body=cast("JSON", end)
    )


def _say(
    kind: type[errors.StreamError],  # noqa: ARG001  # there are no classes to choose from
    message: str,
    response: object,
    body: JSON,
) -> Exception:
    """Say it; a response that began well has a status that is no error's."""
    headers = dict(response.headers) if isinstance(response, httpx.Response) else None
    report = body if isinstance(body, dict) else {}
    return ApiError(headers=headers, body={**report, "message": message})


def _text(error: Any) -> str:
    body = error.body
    if isinstance(body, Mapping):
        told = cast("Mapping[str, object]", body)
        body = told.get("message") or told.get("error") or told
    return str(body)


ERRORS = SDKErrors(
    provider="cohere",
    base=ApiError,
    timeouts=(httpx.TimeoutException,),
    connections=(httpx.TransportError, httpx.StreamError, ssl.SSLError, anyio.EndOfStream),
    undecodable=(httpx.DecodingError, ParsingError),
    say=_say,
    text=_text,
)
