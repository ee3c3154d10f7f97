"""A response for Starlette and FastAPI, which ends when the browser goes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, cast

import anyio
from anyio.abc import TaskGroup
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from mirascope.web._events import Events
from mirascope.web._waiting import Stop


class EventsResponse(Response):
    """A response whose body is `Events`.

    Args:
        events: The events.
        headers: Headers beside those of the protocol.
        once: Whether a browser that connects again by itself, after an event with an id, is refused
            with 204, which ends that: what it missed is not kept, and it did not request it again.
        background: What runs after the response.
    """

    def __init__(
        self,
        events: Events,
        *,
        headers: Mapping[str, str] | None = None,
        once: bool = False,
        background: BackgroundTask | None = None,
    ) -> None:
        self._events = events
        self._once = once
        self.status_code = events.status
        self.background = background
        self.init_headers({**events.headers, **(headers or {})})

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            self._once
            and not self._events.resumable
            and any(name == b"last-event-id" for name, _ in scope["headers"])
        ):
            await self._events.aclose()
            await Response(status_code=204)(scope, receive, send)
            return
        broken: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch, receive, tasks)
            self._events.spawn = _in(tasks)
            try:
                await self._send(send)
            except OSError:  # by which some servers report that the browser is gone
                pass
            except Exception as error:  # noqa: BLE001  # raised again, outside the task group
                broken = error
            tasks.cancel_scope.cancel()
        if broken is not None:
            raise broken
        if self.background is not None:
            await self.background()

    async def _send(self, send: Send) -> None:
        events = self._events
        async with aclosing(events):
            await events.aopen()
            if events.status != self.status_code:
                self.status_code = events.status
                self.headers.update(events.headers)
            head = {"type": "http.response.start", "status": self.status_code}
            await send(head | {"headers": self.raw_headers})
            async with aclosing(cast("Any", aiter(events))) as blocks:
                async for block in blocks:
                    await send({"type": "http.response.body", "body": block, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    @staticmethod
    async def _watch(receive: Receive, tasks: TaskGroup) -> None:
        """Cancel everything when the browser goes."""
        while (await receive())["type"] != "http.disconnect":
            pass
        tasks.cancel_scope.cancel()


def _in(tasks: TaskGroup) -> Callable[[Callable[[], Coroutine[Any, Any, None]]], Stop]:
    async def stop() -> None: ...

    def spawn(read: Callable[[], Coroutine[Any, Any, None]]) -> Stop:
        tasks.start_soon(read)
        return stop

    return spawn
