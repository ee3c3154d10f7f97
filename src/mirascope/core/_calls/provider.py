"""The description of a provider: everything that the engine knows about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Generic, Protocol, Self, SupportsIndex, cast

from typing_extensions import TypeVar, override

from mirascope import errors
from mirascope.core._calls.background import BackgroundAPI
from mirascope.core._calls.default_clients import AsyncClientT, ClientT, DefaultClients
from mirascope.core._calls.registry import find, is_registered, load_error, load_target
from mirascope.core._engine.source import AsyncSource, Source
from mirascope.core._engine.stream import BaseStream
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._prompts.message_param import Message
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._responses.call_response_chunk import SDKObject
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.tool import BaseTool
from mirascope.core._wire.events import ProviderError

Arguments = dict[str, object]
"""Keyword arguments of an SDK's method."""

RawT = TypeVar("RawT", bound=SDKObject)
CallResponseT = TypeVar("CallResponseT", bound=BaseCallResponse[Any, Any, Any])
StreamT = TypeVar("StreamT", bound=BaseStream[Any, Any, Any, Any])


_INVALID_KEY: Final = "the API key has a character that is not allowed in a header"


class Encode(Protocol):
    """Encodes a call as the arguments of an SDK's method, with the messages as ``"messages"``."""

    def __call__(
        self,
        model: str,
        messages: list[Message],
        call_params: Mapping[str, object],
        *,
        streaming: bool,
        tools: Sequence[type[Any]],
        form: ResponseFormat | None,
    ) -> Arguments:
        """Return the arguments.

        Args:
            model: The name of the model.
            messages: The messages: normalized ones (`BaseMessageParam`), or the provider's own.
            call_params: Further parameters of the request.
            streaming: Whether the request is for a stream.
            tools: The tools, of the provider's class of tools.
            form: The response format; ``None`` for plain text.
        """
        ...


class ChatAPI(ABC, Generic[ClientT, AsyncClientT, RawT]):
    """The requests of a provider, sent through its SDK or an HTTP client.

    Four methods send a request. The others describe the SDK; their defaults fit a client that
    never retries, has a read timeout, and whose request takes the seconds as ``timeout``.
    """

    @abstractmethod
    def create(self, client: ClientT, arguments: Arguments) -> RawT:
        """Send a plain request and return the response."""

    @abstractmethod
    async def acreate(self, client: AsyncClientT, arguments: Arguments) -> RawT:
        """Send a plain request, async."""

    @abstractmethod
    def open(self, client: ClientT, arguments: Arguments) -> Source:
        """Send a streaming request and return the source of its bytes or items."""

    @abstractmethod
    async def aopen(self, client: AsyncClientT, arguments: Arguments) -> AsyncSource:
        """Send a streaming request, async."""

    def secrets(self, client: Any) -> Iterable[str]:  # noqa: ARG002
        """Return the API keys, tokens and secret headers that a client holds.

        They are removed from errors. Those in a request's arguments are found without this.
        """
        return ()

    def own_timeout(self, arguments: Arguments) -> float | None:
        """Return the seconds that arguments allow each read; ``None`` if they do not limit it."""
        given: Any = arguments.get("timeout")
        seconds = getattr(given, "read", given)
        return seconds if isinstance(seconds, int | float) else None

    def set_timeout(self, arguments: Arguments, seconds: float) -> Arguments:
        """Return arguments that allow each step of a request so many seconds."""
        return {**arguments, "timeout": seconds}

    def without_retries(self, client: Any, arguments: Arguments) -> tuple[Any, Arguments]:
        """Return the client and the arguments with which the SDK sends a request only once."""
        return client, arguments

    def own_retries(self, client: Any, arguments: Arguments) -> int | None:  # noqa: ARG002
        """Return how often the SDK retries; ``None`` if neither client nor arguments set that."""
        return None

    def exposes_response(self, client: Any) -> bool:  # noqa: ARG002
        """Return whether the HTTP response of a stream can be read from a client."""
        return True

    def has_no_read_timeout(self, client: Any) -> bool:  # noqa: ARG002
        """Return whether a client does not limit the time of a read."""
        return False


@dataclass(frozen=True, kw_only=True)
class Provider(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]):
    """A provider.

    Attributes:
        name: The provider's name, which its streams, responses and errors report too.
        errors: The errors of its SDK.
        client_types: The classes of a sync and of an async client.
        clients: Its default clients.
        api: Its requests.
        encode: Encodes a call as the arguments of a request.
        supports_format: Whether a parameter of the request expresses all of a response format,
            schema included; if not, an instruction describes the format too.
        forces_tools: Whether, with some call parameters, the API lets a request force the model to
            call a tool; if not, a response model is read from JSON text.
        failure: Returns the failure that a plain response reports by its finish reason, if any.
        background: Its requests for responses that the server generates in the background, if it
            has such responses.
        tool_type: The class of its tools.
        response_type: The class of its responses.
        stream_type: The class of its streams.
        name_of_client: Returns the name of the provider that a user-supplied client is of, where
            its SDK's clients may be of another one; ``""`` for this one's.
    """

    name: str
    errors: SDKErrors
    client_types: tuple[type[ClientT], type[AsyncClientT]]
    clients: DefaultClients[ClientT, AsyncClientT]
    api: ChatAPI[ClientT, AsyncClientT, RawT]
    encode: Encode
    supports_format: Callable[[ResponseFormat], bool]
    tool_type: type[BaseTool]
    response_type: type[CallResponseT]
    stream_type: type[StreamT]
    failure: Callable[[RawT], ProviderError | None] = lambda _: None
    forces_tools: Callable[[Mapping[str, object]], bool] = lambda _: True
    background: BackgroundAPI[ClientT, AsyncClientT] | None = None
    name_of_client: Callable[[object], str] = lambda _: ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "errors", self.errors.of(self.name))
        self.response_type.describe(self.errors)
        self.stream_type.describe(self.errors)

    @override
    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """Pickle a registered description as its name, any other by value."""
        if is_registered(self.name, self):
            return load_provider, (self.name,)
        return super().__reduce_ex__(protocol)

    def of_client(self, client: object) -> Self:
        """Return the description of the provider that a user-supplied client is of."""
        name = self.name_of_client(client)
        return cast("Self", load_provider(name)) if name and name != self.name else self

    def client(self, given: object) -> ClientT:
        """Return the client of a sync call: the user-supplied one, or the default.

        Raises:
            AuthenticationFailed: There is no client, and no API key in the environment.
            StreamConnectionError: The base URL in the environment is not a URL.
            TypeError: The client is async.
        """
        if given is None:
            with self.making_a_client():
                return self.clients.get()
        sync_type, async_type = self.client_types
        if sync_type is not async_type and isinstance(given, async_type):
            raise TypeError(
                f"{type(given).__name__} is async, but the function is not: use `async def`"
            )
        return cast("ClientT", given)

    async def aclient(self, given: object) -> AsyncClientT:
        """Return the client of an async call; see `client`."""
        sync_type, async_type = self.client_types
        if given is None:
            with self.making_a_client():
                return await self.clients.aget()
        if sync_type is not async_type and isinstance(given, sync_type):
            raise TypeError(
                f"an `async def` function needs an async client, not {type(given).__name__}"
            )
        return cast("AsyncClientT", given)

    @contextmanager
    def making_a_client(self) -> Generator[None]:
        """Map the exceptions of making a client; see `client`."""
        try:
            yield
        except errors.StreamError:
            raise
        except UnicodeEncodeError:  # an HTTP library's, which holds the key
            raise self.errors.make(errors.AuthenticationFailed, _INVALID_KEY) from None
        except self.errors.base as error:
            raise self.errors.make(errors.AuthenticationFailed, str(error), cause=error)  # noqa: B904
        except self.errors.connections as error:
            raise self.errors.make(errors.StreamConnectionError, str(error), cause=error)  # noqa: B904


@cache
def load_provider(name: str) -> Provider[Any, Any, Any, Any, Any]:
    """Return the description of a registered provider; import it, and its SDK, if needed.

    Args:
        name: The name of a built-in provider, or of an entry point of ``mirascope.providers``.

    Raises:
        ValueError: There is no such provider; the message lists those that are registered.
        MissingSDKError: The provider's SDK is not installed.
        ProviderLoadError: The entry point that registers it is broken.
    """
    provider = load_target(name)
    if not isinstance(provider, Provider):
        registration = find(name)
        assert registration is not None  # noqa: S101  # for the type checkers
        raise load_error(name, registration, f"it is a {type(provider).__name__}, not a Provider")
    return cast("Provider[Any, Any, Any, Any, Any]", cast("object", provider))
