"""Gemini's errors.

The SDK has a class for what the provider says, and lets what its HTTP library raises through as it
is; which library that is, is the choice of whoever makes the client.
"""

from __future__ import annotations

import ssl
from typing import Any, Final, cast

import anyio
from google.genai.errors import APIError, ClientError, ServerError, UnknownApiResponseError

from mirascope import errors
from mirascope.core._wire.events import JSON
from mirascope.core._wire.fields import fields, objects
from mirascope.core.base._errors import SDKErrors
from mirascope.core.base._sdk import classes_of

_LIBRARIES: Final = ("httpx2", "httpx", "aiohttp")


def _say(_: type[errors.StreamError], message: str, response: object, body: JSON) -> APIError:
    """Return an error of the class that the SDK has for a status; a report that it can read."""
    readable = isinstance(body, dict) and isinstance(body.get("error", {}), dict)
    report = cast("dict[str, JSON]", body) if readable else {"message": message}
    code = report.get("code")
    code = code if isinstance(code, int) else 0
    kind = {4: ClientError, 5: ServerError}.get(code // 100, APIError)
    error = kind(code, report, cast("Any", response))
    if report is not body:
        error.args = (message,)
    return error


def _is_about_key(error: Exception) -> bool:
    """Tell the refusal of a key, whose HTTP status is that of any wrong request."""
    said = fields(cast("JSON", vars(error).get("details")))
    details = objects(fields(said.get("error")).get("details"))
    return any(detail.get("reason") == "API_KEY_INVALID" for detail in details)


ERRORS = SDKErrors(
    provider="gemini",
    base=APIError,
    status_of=lambda error: error.code,
    about_key=_is_about_key,
    timeouts=(TimeoutError, *classes_of(_LIBRARIES, "TimeoutException")),
    connections=(
        *classes_of(_LIBRARIES, "TransportError", "InvalidURL", "StreamError", "ClientError"),
        ssl.SSLError,
        anyio.EndOfStream,
    ),
    undecodable=(*classes_of(_LIBRARIES, "DecodingError"), UnknownApiResponseError),
    say=_say,
)
