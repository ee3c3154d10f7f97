"""Gemini's errors.

The SDK has classes for HTTP errors, and does not wrap those of its HTTP library. Which library that
is depends on how the client was made.
"""

from __future__ import annotations

import json
import ssl
from traceback import walk_tb
from typing import Any, Final, cast

import anyio
from google.auth.exceptions import GoogleAuthError, TransportError
from google.genai.errors import APIError, ClientError, ServerError, UnknownApiResponseError
from google.genai.types import GenerateContentResponse

from mirascope import errors
from mirascope.core._errors.optional_sdk import classes_of
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._wire.events import JSON, ProviderError, Record
from mirascope.core._wire.json_fields import fields, objects, text

_FAILED: Final[dict[object, int | None]] = {
    **dict.fromkeys(("MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL")),
    "TOO_MANY_TOOL_CALLS": None,
    "MISSING_THOUGHT_SIGNATURE": 400,
}
"""Finish reasons that are failures, and the HTTP statuses that they are equivalent to."""
_SDK: Final = APIError.__module__.rpartition(".")[0]
_LIBRARIES: Final = ("httpx2", "httpx", "aiohttp")


def failure(candidate: Record) -> ProviderError | None:
    """Return the failure that the end of a candidate reports, if it does; a retry may succeed."""
    reason = candidate.get("finishReason")
    if not isinstance(reason, str) or reason not in _FAILED:
        return None
    message = text(candidate.get("finishMessage"))
    return ProviderError(
        f"the model ended in {reason}" + (f": {message}" if message else ""),
        status=_FAILED[reason],
        body=cast("JSON", candidate),
        retryable=True,
    )


def plain_failure(response: GenerateContentResponse) -> ProviderError | None:
    """Return the failure that the end of a plain response reports, if it does."""
    for candidate in response.candidates or ():
        if candidate.finish_reason in _FAILED:
            return failure(record_of(candidate))
    return None


def _make_error(
    _: type[errors.StreamError], message: str, response: object, body: JSON
) -> APIError:
    """Return an error of the SDK's class for a status, with a body that the class can read."""
    readable = isinstance(body, dict) and isinstance(body.get("error", {}), dict)
    report = cast("dict[str, JSON]", body) if readable else {"message": message}
    code = report.get("code")
    code = code if isinstance(code, int) else 0
    kind = {4: ClientError, 5: ServerError}.get(code // 100, APIError)
    error = kind(code, report, cast("Any", response))
    if report is not body or not error.code:
        error.args = (message,)
    return error


def _is_auth_error(error: Exception) -> bool:
    """Return whether an API key (then the HTTP status is 400) or credentials are rejected."""
    if isinstance(error, GoogleAuthError):
        return not isinstance(error, TransportError)
    body = fields(cast("JSON", vars(error).get("details")))
    details = objects(fields(body.get("error")).get("details"))
    return any(detail.get("reason") == "API_KEY_INVALID" for detail in details)


def _unparsed_report(error: Exception) -> JSON:
    """Return the report on which the SDK fails because it is not in Google's format.

    A user-supplied client does not expose the bytes, so the report is only in the SDK's frame.
    """
    for frame, _ in walk_tb(error.__traceback__):
        if _SDK in str(frame.f_globals.get("__name__")) and "chunk_json" in frame.f_locals:
            return cast("JSON", frame.f_locals["chunk_json"])
    return None


ERRORS = SDKErrors(
    base=APIError,
    status_of=lambda error: error.code,
    is_auth_error=_is_auth_error,
    timeouts=(TimeoutError, *classes_of(_LIBRARIES, "TimeoutException")),
    connections=(
        *classes_of(_LIBRARIES, "TransportError", "InvalidURL", "StreamError", "ClientError"),
        TransportError,  # of a token that is requested
        ssl.SSLError,
        anyio.EndOfStream,
    ),
    undecodable=(
        *classes_of(_LIBRARIES, "DecodingError"),
        UnknownApiResponseError,
        json.JSONDecodeError,  # of a plain response
    ),
    make_sdk_error=_make_error,
    unparsed_report=_unparsed_report,
)
