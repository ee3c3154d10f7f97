"""The two ways to drive a stream: one test body serves both."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import anyio

from mirascope.core import prompt_template
from mirascope.core.base import StreamConfig
from mirascope.testing.conformance._case import Case


@dataclass
class Attempt:
    """A call that was read as far as it went.

    Attributes:
        stream: The stream, or the plain response; ``None`` if the call failed.
        items: The items of the stream.
        error: What was raised.
    """

    stream: Any = None
    items: list[Any] = field(default_factory=list[Any])
    error: Exception | None = None

    @property
    def text(self) -> str:
        """The text of the items."""
        return "".join(chunk.content for chunk, _ in self.items)


@dataclass(frozen=True)
class Driver:
    """Calls and reads, sync or async: each call runs in an event loop of its own then.

    Attributes:
        asynchronous: Whether the prompt functions are async.
    """

    asynchronous: bool

    def function(
        self, case: Case, *, stream: bool | StreamConfig = True, **options: Any
    ) -> Callable[[str], Any]:
        """Return a decorated prompt function, which takes a genre of books.

        Args:
            case: The provider.
            stream: Whether to stream, and how.
            options: Further options of the call.
        """
        decorate: Any = case.call("requested-model", stream=stream, **options)
        template = prompt_template("Recommend a {genre} book")
        if self.asynchronous:

            async def arecommend(genre: str) -> None: ...

            prompt: Any = template(arecommend)
        else:

            def recommend(genre: str) -> None: ...

            prompt = template(recommend)
        decorated: Callable[[str], Any] = decorate(prompt)
        return decorated

    def call(self, function: Callable[[str], Any]) -> Any:
        """Return a prompt function's stream or response."""
        return anyio.run(function, "fantasy") if self.asynchronous else function("fantasy")

    def read(self, stream: Any) -> list[tuple[Any, Any]]:
        """Iterate a stream to its end."""

        async def read_async() -> list[tuple[Any, Any]]:
            return [item async for item in stream]

        return anyio.run(read_async) if self.asynchronous else list(stream)

    def attempt(
        self,
        function: Callable[[str], Any],
        items_of: Callable[[Any], Any] = lambda stream: stream,
        *,
        stream: bool = True,
    ) -> Attempt:
        """Call and read, in one event loop, until the end or a failure.

        Args:
            function: The prompt function.
            items_of: What to iterate of the stream.
            stream: Whether there is something to iterate.
        """
        tried = Attempt()

        async def call_and_read() -> None:
            tried.stream = await function("fantasy")
            if stream:
                async for item in items_of(tried.stream):
                    tried.items.append(item)

        try:
            if self.asynchronous:
                anyio.run(call_and_read)
            else:
                tried.stream = function("fantasy")
                if stream:
                    tried.items.extend(items_of(tried.stream))
        except Exception as error:  # noqa: BLE001  # the test checks which it is
            tried.error = error
        return tried

    def call_and_read(self, function: Callable[[str], Any]) -> tuple[Any, list[tuple[Any, Any]]]:
        """Call and read, in one event loop; return the stream and its items."""

        async def call_and_read() -> tuple[Any, list[tuple[Any, Any]]]:
            stream = await function("fantasy")
            return stream, [item async for item in stream]

        if self.asynchronous:
            return anyio.run(call_and_read)
        stream = function("fantasy")
        return stream, list(stream)

    def run(self, body: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run a coroutine."""
        return anyio.run(body)
