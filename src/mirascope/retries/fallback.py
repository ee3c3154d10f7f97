"""Asking another model when one fails.

A stream is protected until its first content: text, reasoning or a piece of a tool call. Until
then its items are held back, so that none of a stream that fails is seen; from then on the answer
is that model's, whatever happens. The stream that is returned is a `mirascope.llm.Stream` of the
provider that answers, which can become another one before the first item; one of a response model
is read from such a stream.
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
    """Another model to ask.

    Attributes:
        catch: The errors of it after which the next one is asked.
        provider: Its provider.
        model: Its name.
        call_params: The call parameters for it.
        client: The client for it.
    """

    catch: Required[Errors]
    provider: Required[str]
    model: Required[str]
    call_params: NotRequired[Mapping[str, object]]
    client: NotRequired[object]


class FallbackError(errors.StreamError):
    """Every model that was asked has failed; the cause is the last one's error.

    Args:
        caught: The errors, in the order in which the models were asked.
    """

    def __init__(self, caught: Sequence[Exception]) -> None:
        told = "; ".join(f"{type(error).__name__}: {error}" for error in caught)
        super().__init__(f"every model failed: {told}")
        self.caught = list(caught)
        self.__cause__ = last = caught[-1]
        if isinstance(last, errors.StreamError):
            self.provider, self.phase = last.provider, last.phase
            self.status_code, self.request_id = last.status_code, last.request_id
            self.retryable = last.retryable


def fallback(
    catch: Errors, fallbacks: Sequence[Fallback]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Ask other models, one after the other, when a function that calls a model fails.

    The function is one that `llm.call` decorates, or one that calls such functions: it runs again
    with the other model for all calls inside. A stream that it returns is protected too, until the
    first content has come; one that it reads itself, to its end. What is returned has the errors
    that were caught on the way as ``_caught``, where it can have attributes.

    Args:
        catch: The errors of the function itself after which the first fallback is asked.
        fallbacks: The models to ask.

    Raises:
        ValueError: The function is decorated by a provider's own call decorator.
        FallbackError: At the call, or at the first item of a stream: all have failed.

    Example:
        >>> from mirascope import errors, llm
        >>> @fallback(
        ...     errors.StreamError,
        ...     [
        ...         {
        ...             "catch": errors.StreamError,
        ...             "provider": "anthropic",
        ...             "model": "claude-haiku-4-5",
        ...         }
        ...     ],
        ... )
        ... @llm.call("openai:gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
    """

    def decorate(fn: Callable[..., Any]) -> Callable[..., Any]:
        tries = [(catch, fn), *((other["catch"], _asking(fn, other)) for other in fallbacks)]

        def call(*args: object, **kwargs: object) -> object:
            attempts = _Attempts(tries, args, kwargs, overrides())
            return attempts.protected(attempts.next())

        @coroutine_function
        def acall(*args: object, **kwargs: object) -> Coroutine[object, object, object]:
            return answer(_Attempts(tries, args, kwargs, overrides()))

        async def answer(attempts: _Attempts) -> object:
            return attempts.protected(await attempts.anext())

        return wraps(fn)(acall if is_async(fn) else call)

    return decorate


def _asking(fn: Callable[..., Any], other: Fallback) -> Callable[..., Any]:
    return overridden(
        fn,
        provider=other["provider"],
        model=other["model"],
        client=other.get("client"),
        call_params=other.get("call_params"),
    )


@dataclass
class _Attempts:
    """One call, and the models that are left to ask."""

    tries: Sequence[tuple[Errors, Callable[..., Any]]]
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    layers: Overrides
    caught: list[Exception] = field(default_factory=list[Exception])

    def next(self) -> Any:
        """Return what the next model answers that does not fail at once."""
        while True:
            try:
                with overriding(self.layers):
                    return self._call()
            except Exception as error:  # noqa: BLE001  # raised again unless it is to be caught
                self.catch(error)

    async def anext(self) -> Any:
        """Return what the next model answers, async."""
        while True:
            try:
                with overriding(self.layers):
                    return await self._call()
            except Exception as error:  # noqa: BLE001  # the same
                self.catch(error)

    def _call(self) -> Any:
        return self.tries[len(self.caught)][1](*self.args, **self.kwargs)

    def catch(self, error: Exception) -> None:
        """Go on to the next model, if there is one and this error is to be caught.

        Raises:
            FallbackError: There is none.
        """
        catch = self.tries[len(self.caught)][0]
        if isinstance(error, errors.StreamConsumed) or not isinstance(error, catch):
            raise error
        self.caught.append(error)
        if len(self.caught) == len(self.tries):
            raise FallbackError(self.caught)

    def protected(self, result: object) -> object:
        """Return a result that tells what was caught, and is protected if it is a stream."""
        if isinstance(result, BaseStructuredStream):
            structured = cast("BaseStructuredStream[object]", result)
            result = structured.over(_Protected(_stream_of(structured), self))
        elif isinstance(result, Stream):
            result = _Protected(result, self)
        with suppress(AttributeError, TypeError):
            object.__setattr__(result, "_caught", self.caught)
        return result


class _Protected(Stream):
    """A stream that becomes another one if it fails before its first content.

    Who waits for its end is told of the end of the one that answers.
    """

    def __init__(self, stream: Stream, attempts: _Attempts) -> None:
        super().__init__(stream)
        self._attempts = attempts
        self._own = stream.on_end.copy()

    @override
    def __iter__(self) -> Iterator[_Item]:
        failure, waiting = None, self._without_waiting()
        try:
            while True:
                items = items_of(self._stream)
                try:
                    begun = _begun(items)
                    break
                except Exception as error:  # noqa: BLE001  # raised again unless it is to be caught
                    self._attempts.catch(error)
                    self._become(_stream_of(self._attempts.next()))
        except Exception as error:
            failure = error
            raise
        finally:
            self.on_end.extend(waiting)
            self._tell(failure)
        with closing(items):
            for item in begun:
                yield item
                if self.state == "closed":
                    return
            yield from items

    @override
    async def __aiter__(self) -> AsyncIterator[_Item]:
        failure, waiting = None, self._without_waiting()
        try:
            while True:
                items = aitems_of(self._stream)
                try:
                    begun = await _abegun(items)
                    break
                except Exception as error:  # noqa: BLE001  # the same
                    self._attempts.catch(error)
                    self._become(_stream_of(await self._attempts.anext()))
        except Exception as error:
            failure = error
            raise
        finally:
            self.on_end.extend(waiting)
            await self._atell(failure)
        async with aclosing(items):
            for item in begun:
                yield item
                if self.state == "closed":
                    return
            async for item in items:
                yield item

    def _become(self, stream: Stream) -> None:
        """Go on as another stream, with those who want to be told of retries."""
        stream.on_retry[:] = self.on_retry
        self._stream = stream

    def _without_waiting(self) -> list[Callable[[Exception | None], object]]:
        """Have nobody told of the end of a stream that may not be the one that answers.

        Who watches each attempt by itself was there before.
        """
        waiting = [tell for tell in self.on_end if tell not in self._own]
        self.on_end[:] = self._own
        return waiting


_Item = tuple[CallResponseChunk, Tool | None]


def _stream_of(result: object) -> Stream:
    """Return a stream in its common form; a structured one is read from such a one."""
    if isinstance(result, BaseStructuredStream):
        return Stream(cast("BaseStructuredStream[object]", result).stream)
    return cast("Stream", result)


def _begun(items: Iterable[_Item]) -> list[_Item]:
    """Return a stream's items up to its first content."""
    begun: list[_Item] = []
    for item in items:
        begun.append(item)
        if _says_something(item):
            break
    return begun


async def _abegun(items: AsyncIterable[_Item]) -> list[_Item]:
    begun: list[_Item] = []
    async for item in items:
        begun.append(item)
        if _says_something(item):
            break
    return begun


def _says_something(item: _Item) -> bool:
    chunk, tool = item
    return bool(chunk.content or chunk.reasoning or chunk.tool_calls or tool)
