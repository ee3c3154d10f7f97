"""A prepared request: sent as often as its retry policy and its deadlines allow."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Any, Generic

import anyio
from typing_extensions import TypeVar, override

from mirascope.core._calls.background import CANCEL_SECONDS, BackgroundAPI
from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._calls.options import CallOptions
from mirascope.core._calls.provider import Arguments, Provider, RawT
from mirascope.core._engine.closing import pending_request
from mirascope.core._engine.deadlines import Deadlines
from mirascope.core._engine.source import AsyncSource, Position, Source, StreamRequest
from mirascope.core._engine.watchdog import Timer, fail_after
from mirascope.core._errors.redaction import HiddenRepr, credentials_in
from mirascope.core._errors.retry import MAX_RETRIES, Retry, RetryPolicy, arun_hooks, run_hooks
from mirascope.core._observers.observation import NOT_OBSERVED, Observations

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, repr=False)
class Request(StreamRequest, Generic[ClientT, AsyncClientT, RawT]):
    """A request that is ready to be sent, for a stream or a plain response.

    Attributes:
        provider: The provider.
        client: The client, sync or async.
        is_async: Whether the client is async.
        arguments: The arguments of the SDK's method, with the prompt.
        policy: When to retry.
        deadlines: The deadlines of the response.
        observations: The observations of the call.
        cancel_on_close: Whether the response is cancelled at the server if its stream is left.
        begins_at: Where the response begins that another request began; ``None`` for a new one.
    """

    provider: Provider[ClientT, AsyncClientT, RawT, Any, Any]
    client: Any
    is_async: bool
    arguments: HiddenRepr[object]
    policy: RetryPolicy
    deadlines: Deadlines
    observations: Observations = NOT_OBSERVED
    cancel_on_close: bool = False
    begins_at: Position | None = None

    @property
    @override
    def is_background(self) -> bool:
        background = self.provider.background
        return background is not None and background.is_background(self.arguments)

    @override
    def taking_up(self, position: Position) -> StreamRequest:
        if not self.is_background:
            return super().taking_up(position)
        return replace(self, begins_at=position)

    @override
    def secrets(self) -> frozenset[str]:
        return frozenset((*self.provider.api.secrets(self.client), *credentials_in(self.arguments)))

    def create(self) -> RawT:
        """Send it for a plain response, and retry as the policy allows."""
        count = 0
        while True:
            try:
                return self._checked(self._sent(self.provider.api.create))
            except Exception as error:  # noqa: BLE001  # raised as a mapped error
                retry = self._next_retry(error, count)
            run_hooks(self.policy.hooks, retry)
            time.sleep(retry.wait)
            count = retry.count

    async def acreate(self) -> RawT:
        """Send it for a plain response, async."""
        count = 0
        while True:
            try:
                return self._checked(await self._asent(self.provider.api.acreate))
            except Exception as error:  # noqa: BLE001  # raised as a mapped error
                retry = self._next_retry(error, count)
            await arun_hooks(self.policy.hooks, retry)
            await anyio.sleep(retry.wait)
            count = retry.count

    def _checked(self, raw: RawT) -> RawT:
        """Return a plain response, unless it reports that the generation failed."""
        failure = self.provider.failure(raw)
        if failure is None:
            return raw
        error = self.provider.errors.translate(failure, secrets=self.secrets(), opening=False)
        assert error is not None  # noqa: S101  # for the type checkers
        error.partial = received = self.provider.response_type(
            response=raw, provider=self.provider.name, partial=True
        )
        error.phase = "mid" if received.content else "first"
        raise error

    def _next_retry(self, error: Exception, count: int) -> Retry:
        """Return the retry that follows an error.

        Raises:
            StreamError: The mapped error, if there is no retry.
        """
        mapped = self.provider.errors.translate(error, secrets=self.secrets(), opening=True)
        if mapped is None:
            raise error
        mapped.phase = mapped.phase or "open"
        retry = self.policy.retry(mapped, count, self.deadlines.seconds_left)
        if retry is None:
            raise mapped
        self.observations.retry(retry)
        return retry

    @override
    def open(self, position: Position | None = None) -> Source:
        if self.is_async:
            raise TypeError("this stream is async: iterate it with `async for`")
        position = position or self.begins_at
        if position is None:
            source = self._sent(self.provider.api.open)
        else:
            source = self._sent(partial(self._background.resume, position=position))
        if self.deadlines.limits_opening:
            source.limit_reads(self.provider.api.own_timeout(self.arguments))
        return source

    @override
    async def aopen(self, position: Position | None = None) -> AsyncSource:
        if not self.is_async:
            raise TypeError("this stream is not async: iterate it with `for`")
        position = position or self.begins_at
        if position is None:
            return await self._asent(self.provider.api.aopen)
        return await self._asent(partial(self._background.aresume, position=position))

    @override
    def cancel(self, response_id: str) -> None:
        """Cancel the response, if that is wanted and succeeds within `CANCEL_SECONDS`."""
        if self.cancel_on_close:
            client, arguments = self._to_cancel()
            with (
                suppress(Exception),
                pending_request() as request,
                Timer(request.interrupt) as timer,
            ):
                timer.set(time.monotonic() + CANCEL_SECONDS)
                self._background.cancel(client, arguments, response_id=response_id)

    @override
    async def acancel(self, response_id: str) -> None:
        if self.cancel_on_close:
            client, arguments = self._to_cancel()
            with suppress(Exception), anyio.move_on_after(CANCEL_SECONDS, shield=True):
                await self._background.acancel(client, arguments, response_id=response_id)

    def _to_cancel(self) -> tuple[Any, Arguments]:
        """Return the client and the arguments of a short request that is sent once."""
        api = self.provider.api
        client, arguments = api.without_retries(self.client, self.arguments)
        return client, api.set_timeout(arguments, CANCEL_SECONDS)

    @property
    def _background(self) -> BackgroundAPI[ClientT, AsyncClientT]:
        background = self.provider.background
        assert background is not None  # noqa: S101  # the options of the call are checked
        return background

    def _sent(self, send: Callable[[ClientT, Arguments], T]) -> T:
        with self.deadlines.opening(self.provider.errors.timeouts), self.observations.sending():
            return send(self.client, self._with_timeout())

    async def _asent(self, send: Callable[[AsyncClientT, Arguments], Awaitable[T]]) -> T:
        late = (*self.provider.errors.timeouts, TimeoutError)
        left = self.deadlines.seconds_to_open
        with self.deadlines.opening(late), fail_after(left), self.observations.sending():
            return await send(self.client, self.arguments)

    def _with_timeout(self) -> Arguments:
        """Return arguments with which the SDK takes no longer than the deadlines allow.

        Where only the SDK can read the HTTP response, the timeout applies to all of its reads.
        """
        api, deadlines = self.provider.api, self.deadlines
        if api.exposes_response(self.client):
            bound, left = deadlines.limits_opening, deadlines.seconds_left
        else:
            bound = deadlines.bound or api.has_no_read_timeout(self.client)
            left = deadlines.longest_wait
        if not bound or left == inf:
            return self.arguments
        own = api.own_timeout(self.arguments)
        return api.set_timeout(self.arguments, left if own is None else min(own, left))


def prepare_request(
    provider: Provider[ClientT, AsyncClientT, RawT, Any, Any],
    client: Any,
    arguments: Arguments,
    options: CallOptions[Any, Any],
    deadlines: Deadlines,
    *,
    observations: Observations,
    is_async: bool,
    sdk_may_retry: bool,
) -> Request[ClientT, AsyncClientT, RawT]:
    """Return a request with the retries that the options and the client configure.

    Args:
        provider: The provider.
        client: The client.
        arguments: The arguments of the SDK's method.
        options: The options of the call.
        deadlines: The deadlines of the response.
        observations: The observations of the call.
        is_async: Whether the client is async.
        sdk_may_retry: Whether the SDK itself may retry until a response begins, as the client
            or the arguments configure it, unless an option needs the engine's retries.
    """
    count, hook = options.get("max_retries"), options.get("on_retry")
    configured = provider.api.own_retries(client, arguments)
    sdk_retries = sdk_may_retry and bool(configured) and count is None and hook is None
    if count is None:
        count = MAX_RETRIES if configured is None else configured
    if not sdk_retries:
        client, arguments = provider.api.without_retries(client, arguments)
    policy = RetryPolicy(
        max_retries=count,
        from_opening=not sdk_retries,
        restarts=options.get("on_interrupt") == "restart",
        resumes=options.get("on_interrupt") == "resume",
        hooks=() if hook is None else (hook,),
    )
    return Request(
        provider=provider,
        client=client,
        is_async=is_async,
        arguments=HiddenRepr(arguments),
        policy=policy,
        deadlines=deadlines,
        observations=observations,
        cancel_on_close=options.get("cancel_on_close", False),
    )
