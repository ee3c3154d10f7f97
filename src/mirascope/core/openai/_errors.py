"""OpenAI's errors."""

from __future__ import annotations

import ssl

import anyio
import httpx2
import openai

from mirascope import errors
from mirascope.core._wire.events import JSON
from mirascope.core.base._errors import SDKErrors


def _say(
    kind: type[errors.StreamError], message: str, response: object, body: JSON
) -> openai.OpenAIError:
    if not isinstance(response, httpx2.Response):
        response = httpx2.Response(200, request=httpx2.Request("POST", ""))
    if issubclass(kind, errors.StreamTimeout):
        return openai.APITimeoutError(response.request)
    if issubclass(kind, errors.StreamConnectionError):
        return openai.APIConnectionError(message=message, request=response.request)
    if issubclass(kind, errors.StreamDataError):
        return openai.APIResponseValidationError(response, body, message=message)
    if body is not None:
        return openai.APIError(message, response.request, body=body)
    return openai.OpenAIError(message)


ERRORS = SDKErrors(
    provider="openai",
    base=openai.OpenAIError,
    timeouts=(openai.APITimeoutError, httpx2.TimeoutException),
    connections=(
        openai.APIConnectionError,
        httpx2.TransportError,
        httpx2.StreamError,
        ssl.SSLError,
        anyio.EndOfStream,
    ),
    undecodable=(httpx2.DecodingError,),
    say=_say,
)
