"""The observation of one call: what observers are notified of, and when.

A call has one `Observations` object, which its request holds. The engine notifies that object at
the points below; it passes the notification on to each `Observation`. Rules:

- A call is observed from its start to its end, each once. A stream starts when its iteration does,
  so that one which is never iterated is not observed, and ends in whatever way it ends.
- Nothing is notified of per chunk. `ItemTimes` are kept only for an observation that has them.
- What an observation raises is logged, and never reaches the caller.
- No notification happens across a ``yield``, so that an observation may set context variables in
  `Observation.before_request` and reset them in `Observation.after_request`.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any, Final, Protocol, TypeAlias
from weakref import WeakSet

from mirascope.core._errors.retry import Retry
from mirascope.core._prompts.message_param import BaseMessageParam
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._tools.tool import BaseTool
from mirascope.core._types import FinishReason, StreamState

AnyResponse: TypeAlias = BaseCallResponse[Any, Any, Any]

logger: Final = logging.getLogger("mirascope")
logger.addHandler(logging.NullHandler())  # the application decides whether anything is printed


class Call(Protocol):
    """What observers read of a call before it is sent."""

    @property
    def provider_name(self) -> str:
        """The provider's name, such as ``"openai"``."""
        ...

    @property
    def model(self) -> str:
        """The name of the requested model."""
        ...

    @property
    def streaming(self) -> bool:
        """Whether the response is streamed."""
        ...

    @property
    def params(self) -> Mapping[str, object]:
        """The call parameters, as the caller names them."""
        ...

    @property
    def requests_json(self) -> bool:
        """Whether the response is to be JSON."""
        ...

    @property
    def tools(self) -> Sequence[type[BaseTool]]:
        """The tools that the model may call."""
        ...

    def prompt(self) -> tuple[Sequence[str], Sequence[BaseMessageParam]]:
        """Return the system instructions that are sent apart, and the messages."""
        ...

    def validation_error(self, response: Callable[[], AnyResponse]) -> Exception | None:
        """Return why a streamed response does not fit the response model; ``None`` if it does."""
        ...


class Streamed(Protocol):
    """What observers read of a stream; it grows until the stream has ended."""

    @property
    def state(self) -> StreamState: ...
    @property
    def time_to_first_chunk(self) -> float | None: ...
    @property
    def id(self) -> str | None: ...
    @property
    def model(self) -> str | None: ...
    @property
    def finish_reasons(self) -> Sequence[str] | None: ...
    @property
    def common_finish_reasons(self) -> Sequence[FinishReason] | None: ...
    @property
    def input_tokens(self) -> int | None: ...
    @property
    def output_tokens(self) -> int | None: ...
    @property
    def cached_tokens(self) -> int | None: ...
    def partial(self) -> AnyResponse: ...


class ItemTimes:
    """When the items of a stream were received, on the clock of `time.perf_counter`.

    Attributes:
        count: The number of items.
        first: When the first one was received.
        last: When the last one was.
    """

    __slots__ = ("count", "first", "last")

    def __init__(self) -> None:
        self.count = 0
        self.first = self.last = 0.0

    @property
    def mean_interval(self) -> float | None:
        """The mean time between two items in seconds; ``None`` if all were received at once."""
        return (self.last - self.first) / (self.count - 1) if self.last > self.first else None


class Observation:
    """Observes one call; a subclass overrides what it needs.

    Attributes:
        item_times: Where the times of a stream's items are recorded, if they are needed.
    """

    item_times: ItemTimes | None = None

    def start(self, stream: Streamed | None) -> None:
        """Observe that the call starts.

        Args:
            stream: The stream, whose iteration starts; ``None`` for a plain call.
        """

    def before_request(self) -> None:
        """Observe that a request is about to be sent, in the context that it is sent in."""

    def after_request(self) -> None:
        """Observe that the response is open, for a plain call received, or that there is none."""

    def retry(self, retry: Retry) -> None:
        """Observe that a request failed and will be sent again."""

    def end(self, result: Streamed | AnyResponse | None, error: BaseException | None) -> None:
        """Observe the end of the call.

        Args:
            result: The stream, or the response; ``None`` if a plain call has none.
            error: What ended the call early: a failure, or the cancellation of its task.
        """


class Observations:
    """All observations of one call.

    Args:
        observations: The observations.
        ends_at_exit: Whether a call that is open when the interpreter exits ends then.
    """

    __slots__ = ("__weakref__", "_all", "_ends_at_exit", "_open", "_response")

    def __init__(
        self, observations: Iterable[Observation] = (), *, ends_at_exit: bool = False
    ) -> None:
        self._all = tuple(observations)
        self._ends_at_exit = ends_at_exit
        self._open: list[Streamed | None] = []
        self._response: AnyResponse | None = None

    @property
    def item_times(self) -> ItemTimes | None:
        """Where the times of a stream's items are recorded, if an observation needs them."""
        return next((each.item_times for each in self._all if each.item_times), None)

    def start(self, stream: Streamed | None = None) -> None:
        """Notify of the start; an open stream is referred to until its end."""
        if self._all:
            self._open.append(stream)
            if self._ends_at_exit:
                _end_at_exit().add(self)
            self._notify(lambda each: each.start(stream))

    def sending(self) -> AbstractContextManager[object]:
        """Return a context manager around the sending of a request."""
        return self._sending() if self._all else nullcontext()

    @contextmanager
    def _sending(self) -> Generator[None]:
        self._notify(lambda each: each.before_request())
        try:
            yield
        finally:
            self._notify(lambda each: each.after_request(), reversed(self._all))

    def retry(self, retry: Retry) -> None:
        """Notify of a retry."""
        self._notify(lambda each: each.retry(retry))

    @contextmanager
    def plain_call(self) -> Generator[None]:
        """Surround a plain call, from its request to its validated response."""
        self.start()
        try:
            yield
        except BaseException as error:
            self.end(error)
            raise
        self.end()

    def receive(self, response: AnyResponse) -> None:
        """Keep the response of a plain call until its end."""
        if self._all:
            self._response = response

    def end(self, error: BaseException | None = None) -> None:
        """Notify of the end, from any thread; only the first one counts."""
        try:
            stream = self._open.pop()
        except IndexError:  # not started, or ended before
            return
        if self._ends_at_exit:
            _end_at_exit().discard(self)
        response, self._response = self._response, None
        result = response if stream is None else stream
        self._notify(lambda each: each.end(result, error))

    def __del__(self) -> None:
        """End a stream whose event loop is gone, so that nothing else can end it."""
        if self._open and not sys.is_finalizing():
            self.end()

    def _notify(
        self,
        notify: Callable[[Observation], object],
        observations: Iterable[Observation] | None = None,
    ) -> None:
        for each in self._all if observations is None else observations:
            try:
                notify(each)
            except Exception as error:  # noqa: BLE001  # an observer must not fail the call
                log_failure("an observer of calls failed", error)


NOT_OBSERVED: Final = Observations()
"""The observations of a call that nothing observes."""


@cache
def _end_at_exit() -> WeakSet[Observations]:
    """Return the open observations that end when the interpreter exits.

    The first call registers that, and what is registered last runs first: so the exporters, which
    are registered when they are made, still export what ends then.
    """
    found = WeakSet[Observations]()

    def end_all() -> None:
        for each in [*found]:
            each.end()

    atexit.register(end_all)
    if hasattr(os, "register_at_fork"):  # the calls of the parent process are not the child's
        os.register_at_fork(after_in_child=found.clear)
    return found


def log_failure(problem: str, error: BaseException) -> None:
    """Log a failure by its class and place: its text may hold a prompt."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    logger.warning("%s: %s at %s", problem, type(error).__qualname__, place)
