"""Other settings for calls: for a while, or for good."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Literal, overload

from typing_extensions import ParamSpec, TypeVar, Unpack

from mirascope.core.base._functions import coroutine_function, is_async
from mirascope.core.base.stream_config import StreamConfig
from mirascope.core.base.tool import Tools
from mirascope.llm._settings import Layers, Options, layer, layers, using
from mirascope.llm.call_response import CallResponse
from mirascope.llm.stream import Stream

P = ParamSpec("P")
R = TypeVar("R")
AnswerT = TypeVar("AnswerT")
ResultT = TypeVar("ResultT")


@contextmanager
def context(
    *,
    provider: str | None = None,
    model: str | None = None,
    stream: bool | StreamConfig | None = None,
    tools: Tools | None = None,
    response_model: type[Any] | None = None,
    output_parser: Callable[[Any], object] | None = None,
    **options: Unpack[Options],
) -> Generator[None]:
    """Override settings of all functions that `call` decorates and that are called meanwhile.

    Contexts can be nested: an inner one counts more, and leaving it brings the outer one back. Each
    thread and each task has its own. What counts is when a function is called, not when it is
    awaited or its stream is read. With another provider, the decorator's client is not used, and
    of its call parameters only those are that all providers have.

    Args:
        provider: Another provider, given with its model.
        model: Its model.
        stream: Whether to stream.
        tools: Other tools.
        response_model: Another type of the answer.
        output_parser: Another parser.
        options: Other options; see `call`.

    Raises:
        ValueError: A model is given without its provider, or the other way round.

    Example:
        >>> from mirascope import llm
        >>> with llm.context(provider="anthropic", model="claude-haiku-4-5"):
        ...     pass  # functions that are called here ask Anthropic's model
    """
    kinds = {
        "stream": stream,
        "tools": tools,
        "response_model": response_model,
        "output_parser": output_parser,
    }
    with using((*layers(), layer(provider, model, {**kinds, **options}))):
        yield


@overload
def override(
    fn: Callable[P, R],
    *,
    provider: str | None = None,
    model: str | None = None,
    tools: Tools | None = None,
    **options: Unpack[Options],
) -> Callable[P, R]: ...
@overload
def override(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]  # the more special function comes first
    fn: Callable[P, Coroutine[Any, Any, object]],
    *,
    provider: str | None = None,
    model: str | None = None,
    stream: Literal[True] | StreamConfig,
    tools: Tools | None = None,
    **options: Unpack[Options],
) -> Callable[P, Coroutine[Any, Any, Stream]]: ...
@overload
def override(
    fn: Callable[P, object],
    *,
    provider: str | None = None,
    model: str | None = None,
    stream: Literal[True] | StreamConfig,
    tools: Tools | None = None,
    **options: Unpack[Options],
) -> Callable[P, Stream]: ...
@overload
def override(
    fn: Callable[P, Coroutine[Any, Any, object]],
    *,
    provider: str | None = None,
    model: str | None = None,
    stream: Literal[False] | None = None,
    response_model: type[AnswerT],
    **options: Unpack[Options],
) -> Callable[P, Coroutine[Any, Any, AnswerT]]: ...
@overload
def override(
    fn: Callable[P, object],
    *,
    provider: str | None = None,
    model: str | None = None,
    stream: Literal[False] | None = None,
    response_model: type[AnswerT],
    **options: Unpack[Options],
) -> Callable[P, AnswerT]: ...
@overload
def override(
    fn: Callable[P, Coroutine[Any, Any, object]],
    *,
    provider: str | None = None,
    model: str | None = None,
    stream: Literal[False] | None = None,
    tools: Tools | None = None,
    output_parser: Callable[[CallResponse], ResultT],
    **options: Unpack[Options],
) -> Callable[P, Coroutine[Any, Any, ResultT]]: ...
@overload
def override(
    fn: Callable[P, object],
    *,
    provider: str | None = None,
    model: str | None = None,
    stream: Literal[False] | None = None,
    tools: Tools | None = None,
    output_parser: Callable[[CallResponse], ResultT],
    **options: Unpack[Options],
) -> Callable[P, ResultT]: ...
def override(
    fn: Callable[..., Any],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Any,
) -> Callable[..., Any]:
    """Return a function that `call` decorates with other settings; the function stays as it is.

    What else decorates the function is kept. The settings count more than those of a `context`.

    Args:
        fn: The decorated function.
        provider: Another provider, given with its model.
        model: Its model.
        options: Other options; see `call`.

    Raises:
        ValueError: A model is given without its provider, or the other way round; or the function
            is not decorated by `call`.

    Example:
        >>> from mirascope import llm
        >>> @llm.call("openai:gpt-4o-mini")
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> recommend_anthropic = llm.override(
        ...     recommend_book, provider="anthropic", model="claude-haiku-4-5"
        ... )
    """
    decorated = getattr(fn, "_decorated", None)  # also of what decorates it once more
    if decorated is None:
        raise ValueError(f"{fn!r} is not decorated by llm.call: there is nothing to override")
    return under(fn, (layer(provider, model, options, decorated),))


def under(fn: Callable[..., Any], more: Layers) -> Callable[..., Any]:
    """Return a function that is called with more layers upon those of the moment."""

    def call(*args: object, **kwargs: object) -> object:
        with using((*layers(), *more)):
            return fn(*args, **kwargs)

    @coroutine_function
    def acall(*args: object, **kwargs: object) -> Coroutine[object, object, object]:
        return answer((*layers(), *more), args, kwargs)

    async def answer(these: Layers, args: Any, kwargs: Any) -> object:
        with using(these):
            return await fn(*args, **kwargs)

    return wraps(fn)(acall if is_async(fn) else call)
