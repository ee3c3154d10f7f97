"""Mistral's errors.

The SDK has one class for all HTTP errors and none for connections and timeouts, for which it raises
its HTTP client's. Its class requires a response; where there is none, an empty one is passed, and
``status_code`` is ``None``.
"""

from __future__ import annotations

import json
import ssl

import anyio
import httpx2
from mistralai.client.errors import MistralError, NoResponseError, ResponseValidationError

from mirascope import errors
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._wire.events import JSON


def _make_error(
    _: type[errors.StreamError], message: str, response: object, body: JSON
) -> MistralError:
    text = "" if body is None else json.dumps(body)
    if isinstance(response, httpx2.Response):
        return MistralError(message, response, text)
    error = MistralError(message, httpx2.Response(0), text)
    vars(error)["status_code"] = None
    return error


ERRORS = SDKErrors(
    base=MistralError,
    timeouts=(httpx2.TimeoutException,),
    connections=(
        NoResponseError,
        httpx2.TransportError,
        httpx2.InvalidURL,
        httpx2.TooManyRedirects,
        httpx2.StreamError,
        ssl.SSLError,
        anyio.EndOfStream,
    ),
    undecodable=(ResponseValidationError, httpx2.DecodingError),
    make_sdk_error=_make_error,
)
