"""Doing something around every call: logging it, tracing it.

Each call has its own context manager and its own copy of the context (of `contextvars`), in which
the context manager, the call and the handlers run. So a span that the context manager makes the
current one is that for the call and for the handlers, but not for the loop that reads a stream, and
it can be left from wherever a stream happens to end.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial, wraps
from types import coroutine
from typing import Any, NoReturn, TypeAlias, cast

from pydantic import ValidationError
from typing_extensions import ParamSpec, TypeVar

from mirascope.core._engine.stream import BaseStream
from mirascope.core._prompts.coroutines import coroutine_function, is_async
from mirascope.core._responses.call_response import BaseCallResponse

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
WithT = TypeVar("WithT")
"""What the context manager gives."""

Function: TypeAlias = Callable[..., Any]
Manager: TypeAlias = Callable[[Function], AbstractContextManager[WithT]]
Handler: TypeAlias = Callable[[T, Function, WithT], object]
AsyncHandler: TypeAlias = Callable[[T, Function, WithT], Awaitable[object]]
AnyResponse: TypeAlias = BaseCallResponse[Any, Any, Any]
AnyStream: TypeAlias = BaseStream[Any, Any, Any, Any]


def middleware_factory(
    *,
    custom_context_manager: Manager[WithT] | None = None,
    custom_decorator: Callable[[Function], Function] | None = None,
    handle_call_response: Handler[AnyResponse, WithT] | None = None,
    handle_call_response_async: AsyncHandler[AnyResponse, WithT] | None = None,
    handle_stream: Handler[AnyStream, WithT] | None = None,
    handle_stream_async: AsyncHandler[AnyStream, WithT] | None = None,
    handle_response_model: Handler[Any, WithT] | None = None,
    handle_response_model_async: AsyncHandler[Any, WithT] | None = None,
    handle_structured_stream: Handler[Any, WithT] | None = None,
    handle_structured_stream_async: AsyncHandler[Any, WithT] | None = None,
    handle_error: Handler[Exception, WithT] | None = None,
    handle_error_async: AsyncHandler[Exception, WithT] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator for functions that a call decorator has decorated.

    Each handler gets the result, the function, and what the context manager gives. Those of a plain
    result run before the caller has it. Those of a stream run once, when it has ended in whatever
    way (``stream.state`` tells which), and the connection is closed; then the context manager is
    left. For ``async def`` functions, the handlers whose names end in ``_async`` are awaited.

    Args:
        custom_context_manager: Makes, of the function, a context manager around each call.
        custom_decorator: Decorates the result once more.
        handle_call_response: Gets a response.
        handle_call_response_async: The same, async.
        handle_stream: Gets a stream that has ended.
        handle_stream_async: The same, async.
        handle_response_model: Gets any other result: that of a response model or a parser.
        handle_response_model_async: The same, async.
        handle_structured_stream: Gets a stream of a response model that has ended.
        handle_structured_stream_async: The same, async.
        handle_error: Gets an error. What it returns is the result of the call; that of a stream
            goes on to whoever reads the stream, unless the handler raises another.
        handle_error_async: The same, async.

    Example:
        >>> from mirascope import llm
        >>> with_log = middleware_factory(
        ...     handle_stream=lambda stream, fn, _: print(fn.__name__, stream.state)
        ... )
        >>> @with_log
        ... @llm.call("ollama:llama3.2", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> recommend_book("fantasy").close()
        recommend_book closed
    """
    handlers = _Handlers(
        response=handle_call_response or _ignore,
        stream=handle_stream or _ignore,
        response_model=handle_response_model or _ignore,
        structured_stream=handle_structured_stream or _ignore,
        error=handle_error or _raise,
    )
    async_handlers = _Handlers(
        response=handle_call_response_async or _ignore,
        stream=handle_stream_async or _ignore,
        response_model=handle_response_model_async or _ignore,
        structured_stream=handle_structured_stream_async or _ignore,
        error=handle_error_async or _raise,
    )

    def decorate(fn: Function) -> Function:
        chosen = async_handlers if is_async(fn) else handlers
        decorated = _Watched(fn, custom_context_manager or _nothing, chosen).decorated()
        return custom_decorator(decorated) if custom_decorator else decorated

    return decorate


def _nothing(_: Function) -> AbstractContextManager[None]:
    return nullcontext()


def _ignore(_result: object, _fn: Function, _given: object) -> None: ...


def _raise(error: Exception, _fn: Function, _given: object) -> NoReturn:
    raise error


@dataclass(frozen=True, kw_only=True)
class _Handlers:
    """The handlers, one for each kind of result."""

    response: Function
    stream: Function
    response_model: Function
    structured_stream: Function
    error: Function

    def of(self, result: object) -> tuple[Function, AnyStream | None]:
        """Return the handler of a result, and the stream whose end it waits for."""
        if isinstance(result, BaseStream):
            return self.stream, cast("Any", result)
        if isinstance(result, BaseCallResponse):
            return self.response, None
        if isinstance(inner := getattr(result, "stream", None), BaseStream):
            return self.structured_stream, cast("Any", inner)
        return self.response_model, None


@dataclass(frozen=True)
class _Watched:
    """A function that is watched.

    What is done for each call is written as coroutines, which wait for nothing where the function
    is not async.
    """

    fn: Function
    manager: Manager[Any]
    handlers: _Handlers

    def decorated(self) -> Function:
        def call(*args: object, **kwargs: object) -> object:
            around = copy_context()
            return around.run(_done, self._call(around, args, kwargs))

        @coroutine_function
        def acall(*args: object, **kwargs: object) -> Coroutine[object, object, object]:
            around = copy_context()
            return _within(around, self._call(around, args, kwargs))

        return wraps(self.fn)(acall if is_async(self.fn) else call)

    async def _call(self, around: Context, args: Any, kwargs: Any) -> object:
        result: object = None
        with ExitStack() as leaving:
            given = leaving.enter_context(self.manager(self.fn))
            try:
                result = await _outcome(self.fn(*args, **kwargs))
            except Exception as error:  # noqa: BLE001  # it is raised again unless it is handled
                return await _outcome(self.handlers.error(error, self.fn, given))
            handle, stream = self.handlers.of(result)
            if stream is None:
                await _outcome(handle(result, self.fn, given))
            else:
                end = partial(self._end, leaving.pop_all(), handle, result, given)
                stream.on_end.append(self._told(around, end))
        return result

    def _told(
        self, around: Context, end: Callable[[Exception | None], Coroutine[Any, Any, None]]
    ) -> Callable[[Exception | None], object]:
        async def atold(error: Exception | None) -> None:
            await _within(around, end(error))

        def told(error: Exception | None) -> None:
            around.run(_done, end(error))

        return atold if is_async(self.fn) else told

    async def _end(
        self,
        leaving: ExitStack,
        handle: Function,
        result: object,
        given: object,
        error: Exception | None,
    ) -> None:
        """Handle a stream that has ended, and leave the context manager as the stream was left."""
        error = error or _misfit(result)
        try:
            with leaving:
                await _outcome(handle(result, self.fn, given))
                if error is not None:
                    await _outcome(self.handlers.error(error, self.fn, given))
                    _raise(error, self.fn, given)
        except Exception as raised:
            if raised is not error:
                raise


def _misfit(result: Any) -> Exception | None:
    """Make a structured stream's value before the handler looks for it; return what is wrong.

    The stream itself makes it after its end, which is what the handler waits for.
    """
    if isinstance(result, BaseStream) or result.stream.state != "finished":
        return None
    try:
        result.finish()
    except ValidationError as error:
        return error
    return None


async def _outcome(returned: Any) -> Any:
    """Return what a function has returned, or what that gives when it is awaited."""
    return await returned if inspect.isawaitable(returned) else returned


def _done(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    work.close()
    raise TypeError("a function that is not async has been given an async handler")


@coroutine
def _steps(around: Context, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    step: Callable[[], Any] = partial(work.send, None)
    while True:
        try:
            awaited = around.run(step)
        except StopIteration as end:
            return cast("T", end.value)
        try:
            step = partial(work.send, (yield awaited))
        except BaseException as error:  # noqa: BLE001  # it is for the one who waits
            step = partial(work.throw, error)


async def _within(around: Context, work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a context that is the current one at its every step, but not between."""
    return await _steps(around, work)
