"""Fallbacks: calls another model when one fails.

A stream is protected until its first output: text, reasoning or a delta of a tool call. Until then
its items are held back, so that none of a failing stream is yielded; after it, every failure is
final. The returned stream is a `mirascope.llm.Stream`; before its first item, its provider may
change. A stream of a response model reads such a stream.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, closing, suppress
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, NotRequired, Required, TypedDict, cast

from typing_extensions import ParamSpec, TypeVar, override

from mirascope import errors
from mirascope.core._engine.lifecycle import EndCallback
from mirascope.core._engine.structured_stream import BaseStructuredStream
from mirascope.core._prompts.coroutines import coroutine_function, is_async
from mirascope.llm import CallResponseChunk, Stream, Tool
from mirascope.llm import override as overridden
from mirascope.llm._settings import Overrides, overrides, overriding
from mirascope.llm.stream import aitems_of, items_of

P = ParamSpec("P")
R = TypeVar("R")
Errors = type[Exception] | tuple[type[Exception], ...]


class Fallback(TypedDict, total=False):
    """Another model to call if a call fails; see `fallback`.

    Attributes:
        catch: The error class, or a tuple of classes, of this model after which the next one is
            called.
        provider (str): The name of the provider.
        model (str): The name of the model.
        call_params (dict): The call parameters for this model. Optional.
        client (object): The SDK's client for this model. Optional.
    """

    catch: Required[Errors]
    provider: Required[str]
    model: Required[str]
    call_params: NotRequired[Mapping[str, object]]
    client: NotRequired[object]


class FallbackError(errors.StreamError):
    """All models failed. ``__cause__`` is the error of the last one.

    Args:
        caught: The errors, in the order of the calls.
    """

    def __init__(self, caught: Sequence[Exception]) -> None:
        details = "; ".join(f"{type(error).__name__}: {error}" for error in caught)
        super().__init__(f"every model failed: {details}")
        self.caught = list(caught)
        self.__cause__ = last = caught[-1]
        if isinstance(last, errors.StreamError):
            self.provider, self.phase = last.provider, last.phase
            self.status_code, self.request_id = last.status_code, last.request_id
            self.retryable = last.retryable


def fallback(
    catch: Errors, fallbacks: Sequence[Fallback]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Call other models, one after the other, if a call fails.

    The decorated function is one that `llm.call` decorates, or one that calls such functions. It
    runs again with the other model for all calls inside. If it returns a stream, errors are caught
    until the first output of the stream. If it reads the stream itself, errors are caught until the
    end. The result has the caught errors as ``_caught``, if it can have attributes.

    Args:
        catch: The error class, or a tuple of classes, after which the first fallback is called.
        fallbacks (Sequence[Fallback]): The models to call, in this order.

    Returns:
        A decorator.

    Raises:
        ValueError: The function is decorated by a provider's own ``call``.
        FallbackError: At the call, or at the first item of a stream: all models failed.

    Example:
        >>> from mirascope import errors, llm, testing
        >>> claude = {"provider": "anthropic", "model": "claude-haiku-4-5"}
        >>> @fallback(errors.StreamError, [{"catch": errors.StreamError, **claude}])
        ... @llm.call("openai:gpt-4o-mini", stream=True, max_retries=0)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with testing.provider() as provider:
        ...     provider.fail(503)
        ...     provider.reply("The Name of the Wind")
        ...     for chunk, _ in recommend_book("fantasy"):
        ...         print(chunk.content, end="")
        The Name of the Wind
        >>> [request.provider for request in provider.requests]
        ['openai', 'anthropic']
    """

    def decorate(fn: Callable[..., Any]) -> Callable[..., Any]:
        models = [(catch, fn), *((each["catch"], _with_model(fn, each)) for each in fallbacks)]

        def call(*args: object, **kwargs: object) -> object:
            attempts = _Attempts(models, args, kwargs, overrides())
            return attempts.protect(attempts.next())

        @coroutine_function
        def acall(*args: object, **kwargs: object) -> Coroutine[object, object, object]:
            return run(_Attempts(models, args, kwargs, overrides()))

        async def run(attempts: _Attempts) -> object:
            return attempts.protect(await attempts.anext())

        return wraps(fn)(acall if is_async(fn) else call)

    return decorate


def _with_model(fn: Callable[..., Any], fallback: Fallback) -> Callable[..., Any]:
    return overridden(
        fn,
        provider=fallback["provider"],
        model=fallback["model"],
        client=fallback.get("client"),
        call_params=fallback.get("call_params"),
    )


@dataclass
class _Attempts:
    """The attempts of one call, each with the next model."""

    models: Sequence[tuple[Errors, Callable[..., Any]]]
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    layers: Overrides
    caught: list[Exception] = field(default_factory=list[Exception])

    def next(self) -> Any:
        """Return the result of the next model whose call does not fail."""
        while True:
            try:
                with overriding(self.layers):
                    return self._call()
            except Exception as error:  # noqa: BLE001  # raised unless it matches
                self.catch(error)

    async def anext(self) -> Any:
        """Return the result of the next model, async."""
        while True:
            try:
                with overriding(self.layers):
                    return await self._call()
            except Exception as error:  # noqa: BLE001  # the same
                self.catch(error)

    def _call(self) -> Any:
        return self.models[len(self.caught)][1](*self.args, **self.kwargs)

    def catch(self, error: Exception) -> None:
        """Advance to the next model, if the error matches.

        Raises:
            FallbackError: There is no further model.
        """
        catch = self.models[len(self.caught)][0]
        if isinstance(error, errors.StreamConsumed) or not isinstance(error, catch):
            raise error
        self.caught.append(error)
        if len(self.caught) == len(self.models):
            raise FallbackError(self.caught)

    def protect(self, result: object) -> object:
        """Return a result with ``_caught``; a stream is protected until its first output."""
        if isinstance(result, BaseStructuredStream):
            structured = cast("BaseStructuredStream[object]", result)
            result = structured.over(_Protected(_stream_of(structured), self))
        elif isinstance(result, Stream):
            result = _Protected(result, self)
        with suppress(AttributeError, TypeError):
            object.__setattr__(result, "_caught", self.caught)
        return result


class _Protected(Stream):
    """A stream that switches to the next model if it fails before its first output.

    Its end callbacks are called at the end of the stream of the last model.
    """

    def __init__(self, stream: Stream, attempts: _Attempts) -> None:
        super().__init__(stream)
        self._attempts = attempts
        self._attempt_callbacks = stream.on_end.copy()

    @override
    def __iter__(self) -> Iterator[_Item]:
        failure, callbacks = None, self._take_callbacks()
        try:
            while True:
                items = items_of(self._stream)
                try:
                    held_back = _until_output(items)
                    break
                except Exception as error:  # noqa: BLE001  # raised unless it matches
                    self._attempts.catch(error)
                    self._switch_to(_stream_of(self._attempts.next()))
        except Exception as error:
            failure = error
            raise
        finally:
            self.on_end.extend(callbacks)
            self._lifecycle.notify_end(failure)
        with closing(items):
            for item in held_back:
                yield item
                if self.state == "closed":
                    return
            yield from items

    @override
    async def __aiter__(self) -> AsyncIterator[_Item]:
        failure, callbacks = None, self._take_callbacks()
        try:
            while True:
                items = aitems_of(self._stream)
                try:
                    held_back = await _auntil_output(items)
                    break
                except Exception as error:  # noqa: BLE001  # the same
                    self._attempts.catch(error)
                    self._switch_to(_stream_of(await self._attempts.anext()))
        except Exception as error:
            failure = error
            raise
        finally:
            self.on_end.extend(callbacks)
            await self._lifecycle.anotify_end(failure)
        async with aclosing(items):
            for item in held_back:
                yield item
                if self.state == "closed":
                    return
            async for item in items:
                yield item

    def _switch_to(self, stream: Stream) -> None:
        """Continue with another stream, with the same retry hooks."""
        stream.on_retry[:] = self.on_retry
        self._stream = stream

    def _take_callbacks(self) -> list[EndCallback]:
        """Remove and return the end callbacks, which must not be called if this stream fails.

        Callbacks that observe each attempt were there before, and stay.
        """
        callbacks = [each for each in self.on_end if each not in self._attempt_callbacks]
        self.on_end[:] = self._attempt_callbacks
        return callbacks


_Item = tuple[CallResponseChunk, Tool | None]


def _stream_of(result: object) -> Stream:
    """Return the provider-agnostic stream of a result."""
    if isinstance(result, BaseStructuredStream):
        return Stream(cast("BaseStructuredStream[object]", result).stream)
    return cast("Stream", result)


def _until_output(items: Iterable[_Item]) -> list[_Item]:
    """Return the items of a stream up to its first output."""
    held_back: list[_Item] = []
    for item in items:
        held_back.append(item)
        if _has_output(item):
            break
    return held_back


async def _auntil_output(items: AsyncIterable[_Item]) -> list[_Item]:
    held_back: list[_Item] = []
    async for item in items:
        held_back.append(item)
        if _has_output(item):
            break
    return held_back


def _has_output(item: _Item) -> bool:
    chunk, tool = item
    return bool(chunk.content or chunk.reasoning or chunk.tool_calls or tool)
