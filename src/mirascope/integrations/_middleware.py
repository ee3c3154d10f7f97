"""Middleware around every call, for logging and tracing.

Each call has its own context manager and its own copy of the context (of `contextvars`), in which
the context manager, the call and the handlers run. So a span that the context manager makes the
current one is current in the call and the handlers, but not in the loop that reads a stream, and
the context manager can be exited wherever a stream ends.
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
"""The value of the context manager."""

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
    """Make a decorator that runs handlers once per call, for logging and tracing.

    Put the decorator above a call decorator. Each handler gets the result, the function, and the
    value of the context manager. The handler of a plain result runs before the call returns. The
    handler of a stream runs once, when the stream has ended in any way (see ``stream.state``) and
    its connection is closed; after that the context manager is exited. For ``async def`` functions,
    pass the handlers whose names end in ``_async``.

    Args:
        custom_context_manager: Gets the function and returns a context manager around the call.
        custom_decorator: Another decorator for the decorated function.
        handle_call_response: Gets a response.
        handle_call_response_async: The same, async.
        handle_stream: Gets a stream that has ended.
        handle_stream_async: The same, async.
        handle_response_model: Gets any other result, of a response model or an output parser.
        handle_response_model_async: The same, async.
        handle_structured_stream: Gets a stream of a response model that has ended.
        handle_structured_stream_async: The same, async.
        handle_error: Gets an error. Its return value becomes the result of the call. The error of
            a stream is still raised in your loop, unless the handler raises another one.
        handle_error_async: The same, async.

    Returns:
        A decorator.

    Raises:
        TypeError: At decoration: a function that is not async has an async handler.

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
        selected = async_handlers if is_async(fn) else handlers
        decorated = _Instrumented(fn, custom_context_manager or _no_manager, selected).decorated()
        return custom_decorator(decorated) if custom_decorator else decorated

    return decorate


def _no_manager(_: Function) -> AbstractContextManager[None]:
    return nullcontext()


def _ignore(_result: object, _fn: Function, _value: object) -> None: ...


def _raise(error: Exception, _fn: Function, _value: object) -> NoReturn:
    raise error


@dataclass(frozen=True, kw_only=True)
class _Handlers:
    """The handlers, one for each type of result."""

    response: Function
    stream: Function
    response_model: Function
    structured_stream: Function
    error: Function

    def of(self, result: object) -> tuple[Function, AnyStream | None]:
        """Return the handler of a result, and the stream at whose end it runs."""
        if isinstance(result, BaseStream):
            return self.stream, cast("Any", result)
        if isinstance(result, BaseCallResponse):
            return self.response, None
        if isinstance(inner := getattr(result, "stream", None), BaseStream):
            return self.structured_stream, cast("Any", inner)
        return self.response_model, None


@dataclass(frozen=True)
class _Instrumented:
    """A function with middleware.

    The work for each call is written as coroutines, which never suspend if the function is sync.
    """

    fn: Function
    manager: Manager[Any]
    handlers: _Handlers

    def decorated(self) -> Function:
        def call(*args: object, **kwargs: object) -> object:
            context = copy_context()
            return context.run(_run_sync, self._call(context, args, kwargs))

        @coroutine_function
        def acall(*args: object, **kwargs: object) -> Coroutine[object, object, object]:
            context = copy_context()
            return _run_in(context, self._call(context, args, kwargs))

        return wraps(self.fn)(acall if is_async(self.fn) else call)

    async def _call(self, context: Context, args: Any, kwargs: Any) -> object:
        result: object = None
        with ExitStack() as stack:
            value = stack.enter_context(self.manager(self.fn))
            try:
                result = await _maybe_await(self.fn(*args, **kwargs))
            except Exception as error:  # noqa: BLE001  # the handler raises it
                return await _maybe_await(self.handlers.error(error, self.fn, value))
            handle, stream = self.handlers.of(result)
            if stream is None:
                await _maybe_await(handle(result, self.fn, value))
            else:
                end = partial(self._end, stack.pop_all(), handle, result, value)
                stream.on_end.append(self._end_callback(context, end))
        return result

    def _end_callback(
        self, context: Context, end: Callable[[Exception | None], Coroutine[Any, Any, None]]
    ) -> Callable[[Exception | None], object]:
        async def acallback(error: Exception | None) -> None:
            await _run_in(context, end(error))

        def callback(error: Exception | None) -> None:
            context.run(_run_sync, end(error))

        return acallback if is_async(self.fn) else callback

    async def _end(
        self,
        stack: ExitStack,
        handle: Function,
        result: object,
        value: object,
        error: Exception | None,
    ) -> None:
        """Handle the end of a stream, and exit the context manager with the error of the stream."""
        error = error or _validation_error(result)
        try:
            with stack:
                await _maybe_await(handle(result, self.fn, value))
                if error is not None:
                    await _maybe_await(self.handlers.error(error, self.fn, value))
                    _raise(error, self.fn, value)
        except Exception as raised:
            if raised is not error:
                raise


def _validation_error(result: Any) -> Exception | None:
    """Construct the value of a structured stream for the handler; return its validation error.

    The stream itself constructs it only after its end callbacks.
    """
    if isinstance(result, BaseStream) or result.stream.state != "finished":
        return None
    try:
        result.finish()
    except ValidationError as error:
        return error
    return None


async def _maybe_await(returned: Any) -> Any:
    """Return a value, or the result of an awaitable."""
    return await returned if inspect.isawaitable(returned) else returned


def _run_sync(coro: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends."""
    try:
        coro.send(None)
    except StopIteration as stop:
        return cast("T", stop.value)
    coro.close()
    raise TypeError("a function that is not async has an async handler")


@coroutine
def _steps(context: Context, coro: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    step: Callable[[], Any] = partial(coro.send, None)
    while True:
        try:
            awaited = context.run(step)
        except StopIteration as stop:
            return cast("T", stop.value)
        try:
            step = partial(coro.send, (yield awaited))
        except BaseException as error:  # noqa: BLE001  # thrown into the coroutine
            step = partial(coro.throw, error)


async def _run_in(context: Context, coro: Coroutine[Any, Any, T]) -> T:
    """Run each step of a coroutine in a context, which is not current while it is suspended."""
    return await _steps(context, coro)
