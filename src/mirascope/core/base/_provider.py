"""The description of a provider: all that the engine is told about one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, cast

import anyio
from pydantic import BaseModel
from typing_extensions import TypeVar, override

from mirascope import errors
from mirascope.core.base._answer_type import AnswerFormat
from mirascope.core.base._clients import AsyncClientT, ClientT, DefaultClients
from mirascope.core.base._clocks import Clocks
from mirascope.core.base._errors import SDKErrors
from mirascope.core.base._retry import MAX_RETRIES, asent, sent
from mirascope.core.base._secrets import Unshown, secrets_of
from mirascope.core.base._source import AsyncSource, Source
from mirascope.core.base.call_response import BaseCallResponse
from mirascope.core.base.message_param import Message
from mirascope.core.base.stream import BaseStream, Opener
from mirascope.core.base.tool import BaseTool


class Encode(Protocol):
    """Turns what is asked into the arguments of an SDK's method."""

    def __call__(
        self,
        model: str,
        messages: list[Message],
        call_params: Mapping[str, object],
        *,
        streaming: bool,
        tools: Sequence[type[Any]],
        form: AnswerFormat | None,
    ) -> Arguments: ...


Arguments = dict[str, object]
"""Keyword arguments of an SDK's method."""

RawT = TypeVar("RawT", bound=BaseModel)
T = TypeVar("T")
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
        encode: Turns the model, the messages, the call parameters, whether to stream, the tools and
            the form of the answer into the arguments of the SDK's method, the messages among them
            as ``"messages"``.
        takes: Whether a form of JSON text is told by a parameter whole, schema and all; where not,
            it is told in words too.
        create: Sends a plain request; `acreate` is its async twin.
        open: Sends a streaming request; `aopen` is its async twin.
        own_timeout: Returns the seconds that arguments allow each read, if the SDK's own option for
            that is among them.
        set_timeout: Returns arguments that allow each step of a request so many seconds.
        set_max_retries: Returns a client that retries so often, if the SDK retries by itself;
            ``None`` if it does not, or not always, so that the engine has to.
        hands_over: Whether the HTTP response of a stream can be had from a client.
        tool_type: The class of its tools.
        response_type: The class of its responses.
        stream_type: The class of its streams.
    """

    name: str
    errors: SDKErrors
    client_types: tuple[type[ClientT], type[AsyncClientT]]
    clients: DefaultClients[ClientT, AsyncClientT]
    encode: Encode
    takes: Callable[[AnswerFormat], bool]
    create: Callable[[ClientT, Arguments], RawT]
    acreate: Callable[[AsyncClientT, Arguments], Awaitable[RawT]]
    open: Callable[[ClientT, Arguments], Source]
    aopen: Callable[[AsyncClientT, Arguments], Awaitable[AsyncSource]]
    own_timeout: Callable[[Arguments], float | None]
    set_timeout: Callable[[Arguments, float], Arguments]
    tool_type: type[BaseTool]
    response_type: type[CallResponseT]
    stream_type: type[StreamT]
    set_max_retries: Callable[[Any, int], Any] | None = None
    hands_over: Callable[[Any], bool] = lambda _: True

    def client(self, given: object) -> ClientT:
        """Return the client for a sync call: the one given, or the default.

        Raises:
            AuthenticationFailed: There is none given and no key in the environment.
            TypeError: The one given is async.
        """
        if given is None:
            with self._making_a_client():
                return self.clients.get()
        sync_type, async_type = self.client_types
        if sync_type is not async_type and isinstance(given, async_type):
            raise TypeError(f"{async_type.__name__} needs an `async def` function")
        return cast("ClientT", given)

    async def aclient(self, given: object) -> AsyncClientT:
        """Return the client for an async call; see `client`."""
        sync_type, async_type = self.client_types
        if given is None:
            with self._making_a_client():
                return await self.clients.aget()
        if sync_type is not async_type and isinstance(given, sync_type):
            raise TypeError(
                f"an `async def` function needs {async_type.__name__}, not {sync_type.__name__}"
            )
        return cast("AsyncClientT", given)

    @contextmanager
    def calling(
        self, request: Request[ClientT, AsyncClientT, RawT]
    ) -> Generator[Request[ClientT, AsyncClientT, RawT]]:
        """Make errors of ours of what goes wrong in a plain call."""
        try:
            yield request
        except Exception as error:
            meant = self.errors.translate(error, secrets=request.secrets())
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


@dataclass(frozen=True, kw_only=True, repr=False)
class Request(Opener, Generic[ClientT, AsyncClientT, RawT]):
    """A request, ready to be sent, as a stream or for a plain answer.

    Attributes:
        provider: The provider.
        client: The client, sync or async.
        is_async: Which of the two.
        arguments: The arguments of the SDK's method, with the prompt.
        max_retries: How often to send it again if it fails before the answer begins; ``None`` for
            the SDK's or our default.
        clocks: The clocks that the answer has to keep to.
    """

    provider: Provider[ClientT, AsyncClientT, RawT, Any, Any]
    client: Any
    is_async: bool
    arguments: Unshown[object]
    max_retries: int | None
    clocks: Clocks

    @override
    def secrets(self) -> frozenset[str]:
        return secrets_of(self.client) | secrets_of(self.arguments)

    def create(self) -> RawT:
        """Send it for a plain answer."""
        return self._sent(self.provider.create)

    async def acreate(self) -> RawT:
        """Send it for a plain answer, async."""
        return await self._asent(self.provider.acreate)

    @override
    def open(self) -> Source:
        if self.is_async:
            raise TypeError("this stream is async: iterate it with `async for`")
        source = self._sent(self.provider.open)
        if self.clocks.bound_opening:
            source.limit_reads(self.provider.own_timeout(self.arguments))
        return source

    @override
    async def aopen(self) -> AsyncSource:
        if not self.is_async:
            raise TypeError("this stream is not async: iterate it with `for`")
        return await self._asent(self.provider.aopen)

    def _sent(self, send: Callable[[ClientT, Arguments], T]) -> T:
        client, retries = self._retrying()
        errors, clocks = self.provider.errors, self.clocks
        with clocks.opening(errors.timeouts):
            if retries is None:
                return send(client, self.arguments)
            return sent(errors, retries, clocks, lambda: send(client, self._in_time()))

    async def _asent(self, send: Callable[[AsyncClientT, Arguments], Awaitable[T]]) -> T:
        client, retries = self._retrying()
        errors, clocks, arguments = self.provider.errors, self.clocks, self.arguments
        with clocks.opening((*errors.timeouts, TimeoutError)):
            with anyio.fail_after(clocks.seconds_to_open):
                if retries is None:
                    return await send(client, arguments)
                return await asent(errors, retries, clocks, lambda: send(client, arguments))

    def _in_time(self) -> Arguments:
        """Return arguments with which the SDK takes no longer than the clocks allow.

        Where only the SDK has the HTTP response, what is allowed holds for all of its reads.
        """
        provider, clocks = self.provider, self.clocks
        hands_over = provider.hands_over(self.client)
        if not (clocks.bound_opening if hands_over else clocks.bound):
            return self.arguments
        left = clocks.seconds_left if hands_over else clocks.longest_wait
        own = provider.own_timeout(self.arguments)
        return provider.set_timeout(self.arguments, left if own is None else min(own, left))

    def _retrying(self) -> tuple[Any, int | None]:
        """Return the client, and how often we have to retry ourselves.

        An SDK would go on retrying when time is up.
        """
        client, set_max_retries = self.client, self.provider.set_max_retries
        if set_max_retries is None:
            return client, MAX_RETRIES if self.max_retries is None else self.max_retries
        if self.clocks.bound_opening:
            retries = client.max_retries if self.max_retries is None else self.max_retries
            return set_max_retries(client, 0), retries
        if self.max_retries is not None:
            client = set_max_retries(client, self.max_retries)
        return client, None
