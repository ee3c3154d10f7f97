"""Anthropic's errors.

An ``error`` event comes inside a stream whose HTTP status is 200. What it would have been
as a refusal, its type says.
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

_MEANING: Final[dict[str, tuple[int | None, type[anthropic.APIStatusError]]]] = {
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
_BEGAN_WELL: Final = 200
_STAINLESS = stainless_errors(anthropic.AnthropicError, anthropic, httpx2)


def provider_error(event: Record) -> ProviderError:
    """Return the failure that an ``error`` event reports."""
    failed = error_reports.provider_error(dict(event))
    failed.status = _read(event)[0] or failed.status
    return failed


def _read(event: Record) -> tuple[int | None, type[anthropic.APIStatusError]]:
    """Return the HTTP status that an event means, and the SDK's class for it."""
    kind = text(fields(event.get("error")).get("type"))
    return _MEANING.get(kind, (None, anthropic.APIStatusError))


def _say(kind: type[errors.StreamError], message: str, response: object, body: JSON) -> Exception:
    if isinstance(body, dict) and isinstance(response, httpx2.Response):
        return _read(body)[1](message, response=response, body=body)
    return _STAINLESS.say(kind, message, response, body)


def _status_of(error: Any) -> int | None:
    """Return the status of a refusal, or the one that the SDK's error for an event means."""
    status = status_code(error)
    return _read(fields(error.body))[0] or status if status == _BEGAN_WELL else status


def _is_about_key(error: Exception) -> bool:
    """Tell the SDK's refusal to send a request without a key."""
    return isinstance(error, TypeError) and "authentication method" in str(error)


ERRORS = replace(
    _STAINLESS,
    say=_say,
    status_of=_status_of,
    about_key=_is_about_key,
    hints={"Streaming is required": "Set `stream=True`, or a `timeout` in the call parameters"},
)
