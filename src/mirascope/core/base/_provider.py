"""The description of a provider: all that the engine is told about one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, cast

from pydantic import BaseModel
from typing_extensions import TypeVar, override

from mirascope import errors
from mirascope.core.base._clients import AsyncClientT, ClientT, DefaultClients
from mirascope.core.base._errors import SDKErrors
from mirascope.core.base._source import AsyncSource, Source
from mirascope.core.base.call_response import BaseCallResponse
from mirascope.core.base.prompt import Message
from mirascope.core.base.stream import BaseStream, Opener


class Encode(Protocol):
    """Turns what is asked into the arguments of an SDK's method."""

    def __call__(
        self,
        model: str,
        messages: list[Message],
        call_params: Mapping[str, object],
        *,
        streaming: bool,
    ) -> Arguments: ...


Arguments = dict[str, object]
"""Keyword arguments of an SDK's method."""

RawT = TypeVar("RawT", bound=BaseModel)
CallResponseT = TypeVar("CallResponseT", bound=BaseCallResponse[Any, Any, Any])
StreamT = TypeVar("StreamT", bound=BaseStream[Any, Any, Any, Any])


@dataclass(frozen=True, kw_only=True)
class Provider(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]):
    """A provider.

    Attributes:
        name: The provider's name.
        errors: Its errors.
        client_types: The classes of a sync and of an async client.
        clients: Its default clients.
        encode: Turns the model, the messages, the call parameters and whether to stream into
            the arguments of the SDK's method, the messages among them as ``"messages"``.
        create: Sends a plain request; `acreate` is its async twin.
        open: Sends a streaming request; `aopen` is its async twin.
        response_type: The class of its responses.
        stream_type: The class of its streams.
    """

    name: str
    errors: SDKErrors
    client_types: tuple[type[ClientT], type[AsyncClientT]]
    clients: DefaultClients[ClientT, AsyncClientT]
    encode: Encode
    create: Callable[[ClientT, Arguments], RawT]
    acreate: Callable[[AsyncClientT, Arguments], Awaitable[RawT]]
    open: Callable[[ClientT, Arguments], Source]
    aopen: Callable[[AsyncClientT, Arguments], Awaitable[AsyncSource]]
    response_type: type[CallResponseT]
    stream_type: type[StreamT]

    def client(self, given: object) -> ClientT:
        """Return the client for a sync call: the one given, or the default.

        Raises:
            AuthenticationFailed: There is none given and no key in the environment.
            TypeError: The one given is async.
        """
        if given is None:
            with self._making_a_client():
                return self.clients.get()
        async_type = self.client_types[1]
        if isinstance(given, async_type):
            raise TypeError(f"{async_type.__name__} needs an `async def` function")
        return cast("ClientT", given)

    async def aclient(self, given: object) -> AsyncClientT:
        """Return the client for an async call; see `client`."""
        sync_type, async_type = self.client_types
        if given is None:
            with self._making_a_client():
                return await self.clients.aget()
        if isinstance(given, sync_type):
            raise TypeError(
                f"an `async def` function needs {async_type.__name__}, not {sync_type.__name__}"
            )
        return cast("AsyncClientT", given)

    @contextmanager
    def calling(self) -> Generator[None]:
        """Make errors of ours of what goes wrong in a plain call."""
        try:
            yield
        except Exception as error:
            meant = self.errors.translate(error)
            if meant is None:
                raise
            meant.phase = "open"
            raise meant  # noqa: B904  # its cause is set

    @contextmanager
    def _making_a_client(self) -> Generator[None]:
        try:
            yield
        except self.errors.base as error:
            raise self.errors.make(errors.AuthenticationFailed, str(error), cause=error)  # noqa: B904


@dataclass(frozen=True)
class Request(Opener, Generic[ClientT, AsyncClientT]):
    """A streaming request that is sent when it is opened."""

    provider: Provider[ClientT, AsyncClientT, Any, Any, Any]
    client: ClientT | AsyncClientT
    arguments: Arguments

    @override
    def open(self) -> Source:
        if isinstance(self.client, self.provider.client_types[1]):
            raise TypeError("this stream is async: iterate it with `async for`")
        return self.provider.open(cast("ClientT", self.client), self.arguments)

    @override
    async def aopen(self) -> AsyncSource:
        if isinstance(self.client, self.provider.client_types[0]):
            raise TypeError("this stream is not async: iterate it with `for`")
        return await self.provider.aopen(cast("AsyncClientT", self.client), self.arguments)
