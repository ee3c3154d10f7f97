"""Anthropic's errors.

An ``error`` event comes inside a stream whose HTTP status is 200. What it would have been
as a refusal, its type says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import anthropic
import httpx2

from mirascope import errors
from mirascope.core._dialects.stainless import stainless_errors
from mirascope.core._wire.events import JSON, ProviderError, Record

_MEANING: Final[dict[JSON, tuple[int, type[anthropic.APIStatusError]]]] = {
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
_STAINLESS = stainless_errors("anthropic", anthropic.AnthropicError, anthropic, httpx2)


def provider_error(event: Record) -> ProviderError:
    """Return the failure that an ``error`` event reports."""
    said = _said(event)
    message = said.get("message")
    status, _ = _meaning(said)
    return ProviderError(
        message if message and isinstance(message, str) else "An error occurred during streaming",
        status=status,
        body=dict(event),
    )


def _said(event: Record) -> Record:
    error = event.get("error")
    return error if isinstance(error, dict) else {}


def _meaning(said: Record) -> tuple[int | None, type[anthropic.APIStatusError]]:
    kind = said.get("type")
    known = _MEANING.get(kind) if isinstance(kind, str) else None
    return known or (None, anthropic.APIStatusError)


def _say(kind: type[errors.StreamError], message: str, response: object, body: JSON) -> Exception:
    if not isinstance(body, dict) or not isinstance(response, httpx2.Response):
        return _STAINLESS.say(kind, message, response, body)
    _, theirs = _meaning(_said(body))
    return theirs(message, response=response, body=body)


ERRORS = replace(_STAINLESS, say=_say)
