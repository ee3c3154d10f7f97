"""An API without an SDK: JSON over HTTP, by a client of ``httpx``, ``httpx2`` or the like.

Their modules are passed in, so that none is imported here.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import anyio
from pydantic import BaseModel
from typing_extensions import TypeVar, override

from mirascope import errors
from mirascope.core._calls.default_clients import AsyncClientT, ClientT, DefaultClients
from mirascope.core._calls.provider import Arguments, ChatAPI
from mirascope.core._engine.response_source import AsyncResponseSource, ResponseSource
from mirascope.core._engine.source import AsyncSource, Source
from mirascope.core._errors.redaction import credentials_in
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._wire.error_reports import provider_error
from mirascope.core._wire.events import JSON, MalformedEventError
from mirascope.core._wire.json_text import from_text
from mirascope.core._wire.sdk_models import build_model_from_json

ModelT = TypeVar("ModelT", bound=BaseModel)

_NOT_IN_BODY: Final = frozenset({"extra_headers", "timeout"})


class HTTPAPIError(Exception):
    """The base class of an API's errors, in the place of those of an SDK.

    Args:
        message: The message.
        response: The HTTP response, if there is one.

    Attributes:
        response: The HTTP response, if there is one.
        status_code: Its status, if it reports a failure.
    """

    def __init__(self, message: str, response: Any = None) -> None:
        super().__init__(message)
        self.response = response
        self.status_code: int | None = None
        if response is not None and response.is_error:
            self.status_code = response.status_code


class HTTPChatAPI(ChatAPI[ClientT, AsyncClientT, ModelT]):
    """Posts the arguments of a request as JSON; ``timeout`` and ``extra_headers`` are the client's.

    Args:
        path: The path below the client's base URL.
        raw_type: The class of a plain response.
        error: The class of the API's errors.
    """

    def __init__(self, path: str, raw_type: type[ModelT], error: type[HTTPAPIError]) -> None:
        self._path = path
        self._raw_type = raw_type
        self._error = error

    @override
    def create(self, client: ClientT, arguments: Arguments) -> ModelT:
        http: Any = client
        return self._raw(http.send(self._request(http, arguments)))

    @override
    async def acreate(self, client: AsyncClientT, arguments: Arguments) -> ModelT:
        http: Any = client
        return self._raw(await http.send(self._request(http, arguments)))

    @override
    def open(self, client: ClientT, arguments: Arguments) -> Source:
        http: Any = client
        response = http.send(self._request(http, arguments), stream=True)
        if response.is_error:
            response.read()
        return ResponseSource(self._checked(response))

    @override
    async def aopen(self, client: AsyncClientT, arguments: Arguments) -> AsyncSource:
        http: Any = client
        response = await http.send(self._request(http, arguments), stream=True)
        if response.is_error:
            await response.aread()
        return AsyncResponseSource(self._checked(response))

    @override
    def secrets(self, client: Any) -> Iterable[str]:
        return credentials_in(client.headers)

    def _request(self, client: Any, arguments: Arguments) -> Any:
        body = {name: value for name, value in arguments.items() if name not in _NOT_IN_BODY}
        try:
            return client.build_request(
                "POST",
                self._path,
                json=body,
                headers=arguments.get("extra_headers"),
                timeout=arguments.get("timeout", client.timeout),
            )
        except UnicodeEncodeError:
            raise
        except (TypeError, ValueError) as error:
            failure = self._error(f"the request cannot be encoded: {error}")
            failure.status_code = HTTPStatus.BAD_REQUEST
            raise failure from error

    def _raw(self, response: Any) -> ModelT:
        try:
            return build_model_from_json(self._raw_type, self._checked(response).content)
        except ValueError as error:
            raise MalformedEventError(f"the response is not JSON ({error})") from None

    def _checked(self, response: Any) -> Any:
        """Return a response.

        Raises:
            HTTPAPIError: Its status reports a failure.
        """
        if not response.is_error:
            return response
        try:
            report = from_text(response.text)
        except ValueError:
            report = response.text
        raise self._error(str(provider_error(report or f"HTTP {response.status_code}")), response)


def http_errors(error: type[HTTPAPIError], http: Any) -> SDKErrors:
    """Return the description of an API's errors.

    Args:
        error: The class of the API's errors.
        http: The module of the HTTP client, such as ``httpx``.
    """

    def make_error(
        _: type[errors.StreamError], message: str, response: object, body: JSON
    ) -> Exception:
        made = error(message, response)
        made.__dict__["body"] = body
        return made

    return SDKErrors(
        base=error,
        timeouts=(http.TimeoutException,),
        connections=(
            http.TransportError,
            http.InvalidURL,
            http.StreamError,
            ssl.SSLError,
            anyio.EndOfStream,
        ),
        undecodable=(http.DecodingError,),
        make_sdk_error=make_error,
        request_id_header="x-request-id",
    )


def http_clients(
    http: Any, settings: Callable[[], Mapping[str, object]], *, env: tuple[str, ...]
) -> DefaultClients[Any, Any]:
    """Return default clients of an HTTP library.

    Args:
        http: The module of the HTTP client, such as ``httpx``.
        settings: Returns the arguments of a client, such as ``base_url`` and ``headers``.
        env: The names of the environment variables that the settings are read from.
    """
    return DefaultClients(
        make=lambda: http.Client(**settings()),
        amake=lambda: http.AsyncClient(**settings()),
        close=lambda client: client.close(),
        aclose=lambda client: client.aclose(),
        env=env,
    )
