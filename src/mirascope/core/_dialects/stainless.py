"""SDKs that come from one generator have one shape: OpenAI's, Anthropic's and Groq's.

Their modules are passed in, so that nothing is imported here.
"""

from __future__ import annotations

import ssl
from typing import Any

import anyio

from mirascope import errors
from mirascope.core._wire.events import JSON
from mirascope.core.base._errors import SDKErrors


def stainless_errors(provider: str, base: type[Exception], sdk: Any, http: Any) -> SDKErrors:
    """Describe the errors of such an SDK.

    Args:
        provider: The provider's name.
        base: The SDK's base class of errors.
        sdk: The SDK's module.
        http: The module of its HTTP client, ``httpx`` or ``httpx2``.
    """

    def say(
        kind: type[errors.StreamError], message: str, response: object, body: JSON
    ) -> Exception:
        if not isinstance(response, http.Response):
            response = http.Response(200, request=http.Request("POST", ""))
        said = _say(sdk, kind, message, response, body) or base(message)
        assert isinstance(said, Exception)  # noqa: S101  # for the type checkers: it is untyped
        return said

    return SDKErrors(
        provider=provider,
        base=base,
        timeouts=(sdk.APITimeoutError, http.TimeoutException),
        connections=(
            sdk.APIConnectionError,
            http.TransportError,
            http.StreamError,
            ssl.SSLError,
            anyio.EndOfStream,
        ),
        undecodable=(http.DecodingError,),
        say=say,
    )


def _say(
    sdk: Any, kind: type[errors.StreamError], message: str, response: Any, body: JSON
) -> object:
    if issubclass(kind, errors.StreamTimeout):
        return sdk.APITimeoutError(response.request)
    if issubclass(kind, errors.StreamConnectionError):
        return sdk.APIConnectionError(message=message, request=response.request)
    if issubclass(kind, errors.StreamDataError):
        return sdk.APIResponseValidationError(response, body, message=message)
    if body is not None:
        return sdk.APIError(message, response.request, body=body)
    return None
