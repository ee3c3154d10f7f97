"""SDKs that come from one generator have one shape: OpenAI's, Anthropic's and Groq's.

Their modules are passed in, so that nothing is imported here.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar

import anyio

from mirascope import errors
from mirascope.core._wire.events import JSON
from mirascope.core.base import _source as sources
from mirascope.core.base._clients import on_asyncio
from mirascope.core.base._errors import SDKErrors

ClientT = TypeVar("ClientT")


def async_client(make: Callable[..., ClientT], make_aiohttp: Callable[[], object]) -> ClientT:
    """Make a client on aiohttp, which needs a third of the time, where that and asyncio run."""
    if find_spec("aiohttp") and on_asyncio():
        return make(http_client=make_aiohttp())
    return make()


def source(stream: Any, sdk: Any) -> sources.Source:
    """Take the bytes of the SDK's stream; what instrumentation makes of it is read as it is."""
    if type(stream) is sdk.Stream and _is_text(stream.response):
        return sources.ResponseSource(stream.response)
    return sources.ItemSource(stream)


def async_source(stream: Any, sdk: Any) -> sources.AsyncSource:
    """Take the bytes of the SDK's stream, async; see `source`."""
    if type(stream) is sdk.AsyncStream and _is_text(stream.response):
        return sources.AsyncResponseSource(stream.response)
    return sources.AsyncItemSource(stream)


def _is_text(response: sources.HTTPResponse) -> bool:
    """Tell server-sent events from Amazon's binary ones, which the SDK decodes."""
    return "amazon.eventstream" not in response.headers.get("content-type", "")


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
