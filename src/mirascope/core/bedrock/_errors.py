"""Bedrock's errors.

botocore has two trees: `ClientError` for what the service reports, and `BotoCoreError` for the
rest. A failure inside of a stream is an `EventStreamError`, as in botocore's own streams.
"""

from __future__ import annotations

import re
import ssl
from typing import Any, Final, cast

from mirascope import errors
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._wire.events import JSON
from mirascope.core._wire.json_fields import fields, text
from mirascope.core.bedrock._sdk import exceptions, http_errors

CREDENTIALS: Final = (
    "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (with "
    "AWS_SESSION_TOKEN if they are temporary), or AWS_PROFILE"
)
_NO_CREDENTIALS: Final = (
    exceptions.NoCredentialsError,
    exceptions.NoAuthTokenError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError,
)
_REJECTED: Final = frozenset(
    {
        *("UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignature"),
        *("InvalidClientTokenId", "MissingAuthenticationToken", "SignatureDoesNotMatch"),
        *("ExpiredToken", "ExpiredTokenException"),
    }
)
"""The codes of errors about credentials, whose HTTP status is 403 or 400."""
_VALUE: Final = re.compile(r"value: .*?, (?=type: |valid )", re.DOTALL)
"""A value in a message of botocore's validation."""


def _code(error: object) -> str:
    response = cast("JSON", getattr(error, "response", None))
    return text(fields(fields(response).get("Error")).get("Code"))


def rejected(error: Exception) -> errors.StreamError:
    """Return the error for parameters that botocore rejects, whose values it shows."""
    report = _VALUE.sub("", str(error))
    return ERRORS.make(errors.BadRequest, f"the SDK rejects the request: {report}")


def _status_of(error: Any) -> int | None:
    if not isinstance(error, exceptions.ClientError):
        return None
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status if isinstance(status, int) else None


def _is_auth_error(error: Exception) -> bool:
    return isinstance(error, _NO_CREDENTIALS) or _code(error) in _REJECTED


def _make_error(
    kind: type[errors.StreamError], message: str, response: object, body: JSON
) -> Exception:
    """Return botocore's exception; most of its classes have a text of their own, replaced here."""
    if body is not None:
        code = text(fields(body).get("type")) or "Unknown"
        report: dict[str, Any] = {"Error": {"Code": code, "Message": message}}
        made: Exception = exceptions.EventStreamError(report, "ConverseStream")
    elif issubclass(kind, errors.StreamTimeout):
        made = exceptions.ReadTimeoutError(endpoint_url="")
    elif issubclass(kind, errors.StreamConnectionError):
        made = exceptions.ConnectionClosedError(endpoint_url="")
    elif issubclass(kind, errors.AuthenticationFailed):
        made = exceptions.NoCredentialsError()
    elif issubclass(kind, errors.BadRequest):
        made = exceptions.ParamValidationError(report="")
    else:
        made = exceptions.BotoCoreError()
    if body is None:
        made.args = (message,)
    vars(made)["headers"] = dict(getattr(response, "headers", None) or {})
    return made


ERRORS = SDKErrors(
    provider="bedrock",
    base=(exceptions.ClientError, exceptions.BotoCoreError),
    timeouts=(
        exceptions.ReadTimeoutError,
        exceptions.ConnectTimeoutError,
        http_errors.TimeoutError,
    ),
    connections=(
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        http_errors.HTTPError,
        ssl.SSLError,
    ),
    undecodable=(exceptions.IncompleteReadError, http_errors.DecodeError),
    make_sdk_error=_make_error,
    request_id_header="x-amzn-requestid",
    status_of=_status_of,
    is_auth_error=_is_auth_error,
)
