"""The description of a provider: all that the engine is told about one."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from math import inf
from typing import Any, Generic, Protocol, SupportsIndex, cast

import anyio
from pydantic import BaseModel
from typing_extensions import TypeVar, override

from mirascope import errors
from mirascope.core._calls.default_clients import AsyncClientT, ClientT, DefaultClients
from mirascope.core._calls.options import CallOptions
from mirascope.core._engine.deadlines import Deadlines
from mirascope.core._engine.source import AsyncSource, Source, StreamRequest
from mirascope.core._engine.stream import BaseStream
from mirascope.core._engine.watchdog import fail_after
from mirascope.core._errors.redaction import HiddenRepr, secrets_of
from mirascope.core._errors.retry import MAX_RETRIES, Retry, RetryPolicy, arun_hooks, run_hooks
from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._prompts.message_param import Message
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.tool import BaseTool
from mirascope.core._wire.events import ProviderError


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
        form: ResponseFormat | None,
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
        name: The provider's name, which its streams, responses and errors have too.
        errors: Its errors.
        client_types: The classes of a sync and of an async client.
        clients: Its default clients.
        encode: Turns the model, the messages, the call parameters, whether to stream, the tools and
            the form of the answer into the arguments of the SDK's method, the messages among them
            as ``"messages"``.
        supports_format: Whether a parameter of the request holds all of a response format, schema
            included; where not, an instruction describes it too.
        forces_tools: Whether, with some call parameters, the API lets a request force the model to
            call a tool; where not, a response model is JSON text.
        create: Sends a plain request; `acreate` is its async twin.
        open: Sends a streaming request; `aopen` is its async twin.
        failure: Returns the failure that a plain response reports by how it ended, if it does.
        own_timeout: Returns the seconds that arguments allow each read, if the SDK's own option for
            that is among them.
        set_timeout: Returns arguments that allow each step of a request so many seconds.
        without_retries: Returns the client and arguments with which the SDK, which may retry by
            itself, sends a request once.
        own_retries: Returns how often a client and arguments let the SDK send a request again;
            ``None`` if neither sets that.
        exposes_response: Whether the HTTP response of a stream can be had from a client.
        has_no_read_timeout: Whether a client, or its user, limits no read.
        tool_type: The class of its tools.
        response_type: The class of its responses.
        stream_type: The class of its streams.
    """

    name: str
    errors: SDKErrors
    client_types: tuple[type[ClientT], type[AsyncClientT]]
    clients: DefaultClients[ClientT, AsyncClientT]
    encode: Encode
    supports_format: Callable[[ResponseFormat], bool]
    create: Callable[[ClientT, Arguments], RawT]
    acreate: Callable[[AsyncClientT, Arguments], Awaitable[RawT]]
    open: Callable[[ClientT, Arguments], Source]
    aopen: Callable[[AsyncClientT, Arguments], Awaitable[AsyncSource]]
    own_timeout: Callable[[Arguments], float | None]
    set_timeout: Callable[[Arguments, float], Arguments]
    tool_type: type[BaseTool]
    response_type: type[CallResponseT]
    stream_type: type[StreamT]
    without_retries: Callable[[Any, Arguments], tuple[Any, Arguments]]
    own_retries: Callable[[Any, Arguments], int | None]
    failure: Callable[[RawT], ProviderError | None] = lambda _: None
    forces_tools: Callable[[Mapping[str, object]], bool] = lambda _: True
    exposes_response: Callable[[Any], bool] = lambda _: True
    has_no_read_timeout: Callable[[Any], bool] = lambda _: False

    def __post_init__(self) -> None:
        object.__setattr__(self, "errors", self.errors.of(self.name))

    @override
    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """Pickle a provider's own description as a reference to it, another one by value."""
        package, _, _ = self.stream_type.__module__.rpartition(".")
        module = f"{package}._provider"
        if getattr(sys.modules.get(module), "PROVIDER", None) is self:
            return _described_in, (module,)
        return super().__reduce_ex__(protocol)

    def client(self, given: object) -> ClientT:
        """Return the client for a sync call: the one given, or the default.

        Raises:
            AuthenticationFailed: There is none given and no key in the environment.
            StreamConnectionError: The environment has a base URL that is none.
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
    def _making_a_client(self) -> Generator[None]:
        try:
            yield
        except self.errors.base as error:
            raise self.errors.make(errors.AuthenticationFailed, str(error), cause=error)  # noqa: B904
        except self.errors.connections as error:
            raise self.errors.make(errors.StreamConnectionError, str(error), cause=error)  # noqa: B904

    def retrying(
        self,
        client: Any,
        arguments: Arguments,
        options: CallOptions[Any, Any, Any],
        *,
        by_itself: bool,
    ) -> tuple[Any, Arguments, RetryPolicy]:
        """Return how to send a call's requests: client, arguments, and when they are sent again.

        Args:
            client: The client.
            arguments: The arguments of the SDK's method.
            options: What the caller says.
            by_itself: Whether the SDK may retry by itself until an answer begins, as the client or
                the arguments configure it, should the options not ask for what it cannot keep to.
        """
        count, hook = options.get("max_retries"), options.get("on_retry")
        configured = self.own_retries(client, arguments)
        by_itself = by_itself and bool(configured) and count is None and hook is None
        if count is None:
            count = MAX_RETRIES if configured is None else configured
        if not by_itself:
            client, arguments = self.without_retries(client, arguments)
        policy = RetryPolicy(
            max_retries=count,
            from_opening=not by_itself,
            restarts=options.get("on_interrupt") == "restart",
            hooks=() if hook is None else (hook,),
        )
        return client, arguments, policy


def _described_in(module: str) -> object:
    """Return the provider that a module describes."""
    return import_module(module).PROVIDER


@dataclass(frozen=True, kw_only=True, repr=False)
class Request(StreamRequest, Generic[ClientT, AsyncClientT, RawT]):
    """A request, ready to be sent, as a stream or for a plain answer.

    Attributes:
        provider: The provider.
        client: The client, sync or async.
        is_async: Which of the two.
        arguments: The arguments of the SDK's method, with the prompt.
        policy: When it is sent again.
        deadlines: The clocks that the answer has to keep to.
    """

    provider: Provider[ClientT, AsyncClientT, RawT, Any, Any]
    client: Any
    is_async: bool
    arguments: HiddenRepr[object]
    policy: RetryPolicy
    deadlines: Deadlines

    @override
    def secrets(self) -> frozenset[str]:
        return secrets_of(self.client) | secrets_of(self.arguments)

    def create(self) -> RawT:
        """Send it for a plain answer, again if it may be."""
        count = 0
        while True:
            try:
                return self._checked(self._sent(self.provider.create))
            except Exception as error:  # noqa: BLE001  # raised again, as what it means
                retry = self._again(error, count)
            run_hooks(self.policy.hooks, retry)
            time.sleep(retry.wait)
            count = retry.count

    async def acreate(self) -> RawT:
        """Send it for a plain answer, async."""
        count = 0
        while True:
            try:
                return self._checked(await self._asent(self.provider.acreate))
            except Exception as error:  # noqa: BLE001  # the same
                retry = self._again(error, count)
            await arun_hooks(self.policy.hooks, retry)
            await anyio.sleep(retry.wait)
            count = retry.count

    def _checked(self, raw: RawT) -> RawT:
        """Return a plain response, unless it reports that the generation failed."""
        failed = self.provider.failure(raw)
        if failed is None:
            return raw
        meant = self.provider.errors.translate(failed, secrets=self.secrets(), opening=False)
        assert meant is not None  # noqa: S101  # for the type checkers
        meant.partial = received = self.provider.response_type(
            response=raw, provider=self.provider.name, partial=True
        )
        meant.phase = "mid" if received.content else "first"
        raise meant

    def _again(self, error: Exception, count: int) -> Retry:
        """Return how to send it again after an error.

        Raises:
            StreamError: What the error means, if it is final.
        """
        meant = self.provider.errors.translate(error, secrets=self.secrets(), opening=True)
        if meant is None:
            raise error
        meant.phase = meant.phase or "open"
        retry = self.policy.retry(meant, count, self.deadlines.seconds_left)
        if retry is None:
            raise meant
        return retry

    @override
    def open(self) -> Source:
        if self.is_async:
            raise TypeError("this stream is async: iterate it with `async for`")
        source = self._sent(self.provider.open)
        if self.deadlines.limits_opening:
            source.limit_reads(self.provider.own_timeout(self.arguments))
        return source

    @override
    async def aopen(self) -> AsyncSource:
        if not self.is_async:
            raise TypeError("this stream is not async: iterate it with `for`")
        return await self._asent(self.provider.aopen)

    def _sent(self, send: Callable[[ClientT, Arguments], T]) -> T:
        with self.deadlines.opening(self.provider.errors.timeouts):
            return send(self.client, self._in_time())

    async def _asent(self, send: Callable[[AsyncClientT, Arguments], Awaitable[T]]) -> T:
        late = (*self.provider.errors.timeouts, TimeoutError)
        with self.deadlines.opening(late), fail_after(self.deadlines.seconds_to_open):
            return await send(self.client, self.arguments)

    def _in_time(self) -> Arguments:
        """Return arguments with which the SDK takes no longer than the clocks allow.

        Where only the SDK has the HTTP response, what is allowed holds for all of its reads.
        """
        provider, deadlines = self.provider, self.deadlines
        if provider.exposes_response(self.client):
            bound, left = deadlines.limits_opening, deadlines.seconds_left
        else:
            bound = deadlines.bound or provider.has_no_read_timeout(self.client)
            left = deadlines.longest_wait
        if not bound or left == inf:
            return self.arguments
        own = provider.own_timeout(self.arguments)
        return provider.set_timeout(self.arguments, left if own is None else min(own, left))
