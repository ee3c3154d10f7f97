"""Anthropic's errors.

An ``error`` event is part of a stream whose HTTP status is 200. Its type decides the HTTP status
and the SDK's class that it is equivalent to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import anthropic
import httpx2

from mirascope import errors
from mirascope.core._dialects.stainless import stainless_errors
from mirascope.core._errors.sdk_errors import status_code
from mirascope.core._wire import error_reports
from mirascope.core._wire.events import JSON, ProviderError, Record
from mirascope.core._wire.json_fields import fields, text

_BY_TYPE: Final[dict[str, tuple[int | None, type[anthropic.APIStatusError]]]] = {
    "invalid_request_error": (400, anthropic.BadRequestError),
    "authentication_error": (401, anthropic.AuthenticationError),
    "billing_error": (402, anthropic.PaymentRequiredError),
    "permission_error": (403, anthropic.PermissionDeniedError),
    "not_found_error": (404, anthropic.NotFoundError),
    "request_too_large": (413, anthropic.ContentTooLargeError),
    "rate_limit_error": (429, anthropic.RateLimitError),
    "api_error": (500, anthropic.InternalServerError),
    "timeout_error": (504, anthropic.GatewayTimeoutError),
    "overloaded_error": (529, anthropic.OverloadedError),
}
_OK: Final = 200
_GOOGLE_ERRORS: Final = "google.auth.exceptions"
"""The module of the errors of credentials for Vertex AI, which is imported only there."""
_STAINLESS = stainless_errors(anthropic.AnthropicError, anthropic, httpx2)


def provider_error(event: Record) -> ProviderError:
    """Return the failure that an ``error`` event reports."""
    error = error_reports.provider_error(dict(event))
    error.status = _classify(event)[0] or error.status
    return error


def _classify(event: Record) -> tuple[int | None, type[anthropic.APIStatusError]]:
    """Return the HTTP status that an event is equivalent to, and the SDK's class for it."""
    kind = text(fields(event.get("error")).get("type"))
    return _BY_TYPE.get(kind, (None, anthropic.APIStatusError))


def _make_error(
    kind: type[errors.StreamError], message: str, response: object, body: JSON
) -> Exception:
    if isinstance(body, dict) and isinstance(response, httpx2.Response):
        return _classify(body)[1](message, response=response, body=body)
    return _STAINLESS.make_sdk_error(kind, message, response, body)


def _status_of(error: Any) -> int | None:
    """Return the status of an HTTP error, or the equivalent one of an error event."""
    status = status_code(error)
    return _classify(fields(error.body))[0] or status if status == _OK else status


def _is_auth_error(error: Exception) -> bool:
    """Return whether the SDK refuses to send a request without an API key, or Google a token."""
    if any(base.__module__ == _GOOGLE_ERRORS for base in type(error).__mro__):
        return type(error).__name__ != "TransportError"
    return isinstance(error, TypeError) and "authentication method" in str(error)


ERRORS = replace(
    _STAINLESS,
    make_sdk_error=_make_error,
    status_of=_status_of,
    is_auth_error=_is_auth_error,
    hints={"Streaming is required": "Set `stream=True`, or a `timeout` in the call parameters"},
)
