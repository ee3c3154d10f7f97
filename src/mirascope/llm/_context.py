"""Overrides of the settings of calls: for a while, or of one function."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Self, overload

from typing_extensions import ParamSpec, TypeVar, Unpack

from mirascope.core._calls.options import (
    ModelOptions,
    ModelT,
    ParserOptions,
    ResultT,
    StreamOptions,
    StructuredStreamOptions,
)
from mirascope.core._calls.stream_config import StreamConfig
from mirascope.core._engine.structured_stream import BaseStructuredStream
from mirascope.core._prompts.coroutines import coroutine_function, is_async
from mirascope.core._tools.tool_types import Tools
from mirascope.llm._settings import (
    OF_ONE_CALL,
    AnyParams,
    Options,
    Override,
    Overrides,
    override_of,
    overrides,
    overriding,
    pop,
    push,
)
from mirascope.llm.call_response import CallResponse
from mirascope.llm.stream import Stream

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Context:
    """Settings for the calls that are made inside its ``with`` block; see `context`.

    You can enter it more than once. An attribute is ``None`` if its setting is not overridden.
    """

    provider: str | None
    model: str | None
    stream: bool | StreamConfig | None = None
    tools: Tools | None = None
    response_model: type[Any] | None = None
    output_parser: Callable[[Any], object] | None = None
    json_mode: bool | None = None
    client: object = None
    call_params: Mapping[str, object] | None = None
    _override: Override = field(kw_only=True)

    def __enter__(self) -> Self:
        push(self._override)
        return self

    def __exit__(self, *_: object) -> None:
        pop(self._override)


def context(
    *,
    provider: str | None = None,
    model: str | None = None,
    stream: bool | StreamConfig | None = None,
    tools: Tools | None = None,
    response_model: type[Any] | None = None,
    output_parser: Callable[[Any], object] | None = None,
    **options: Unpack[Options],
) -> Context:
    """Override the settings of all functions that `call` decorates, inside a ``with`` block.

    You can nest contexts: an inner one takes precedence, and its end restores the outer one. Each
    thread and each task has its own contexts. A function reads them when it is called, not when it
    is awaited or when its stream is read. With another provider, the client of the decorator is not
    used, and only the call parameters that all providers have are kept.

    Args:
        provider: Another provider; pass its ``model`` too.
        model: A model of that provider.
        stream: Whether to stream.
        tools: Other tools.
        response_model: Another response model.
        output_parser: Another output parser.
        options: Other options of `call`.

    Returns:
        The context manager. The settings are its attributes.

    Raises:
        ValueError: You passed a provider without a model, or a model without a provider.
        TypeError: There is no such option.

    Example:
        >>> from mirascope import llm
        >>> @llm.call("openai:gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with llm.context(provider="anthropic", model="claude-haiku-4-5"):
        ...     stream = recommend_book("fantasy")
        >>> for chunk, _ in stream:
        ...     print(chunk.content, end="")
        The Name of the Wind
        >>> stream.provider
        'anthropic'
    """
    kinds = {
        "stream": stream,
        "tools": tools,
        "response_model": response_model,
        "output_parser": output_parser,
    }
    own = override_of(provider, model, {**kinds, **options})
    return Context(
        provider=own.provider,
        model=own.model,
        stream=stream,
        tools=tools,
        response_model=response_model,
        output_parser=output_parser,
        json_mode=options.get("json_mode"),
        client=options.get("client"),
        call_params=options.get("call_params"),
        _override=own,
    )


@overload
def override(
    provider_agnostic_call: Callable[P, R],
    *,
    provider: str | None = None,
    model: str | None = None,
    tools: Tools | None = None,
    **options: Unpack[Options],
) -> Callable[P, R]: ...
@overload
def override(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]  # the more special function comes first
    provider_agnostic_call: Callable[P, Coroutine[Any, Any, object]],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Unpack[StreamOptions[object, AnyParams]],
) -> Callable[P, Coroutine[Any, Any, Stream]]: ...
@overload
def override(
    provider_agnostic_call: Callable[P, object],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Unpack[StreamOptions[object, AnyParams]],
) -> Callable[P, Stream]: ...
@overload
def override(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]  # the more special function comes first
    provider_agnostic_call: Callable[P, Coroutine[Any, Any, object]],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Unpack[StructuredStreamOptions[object, AnyParams, ModelT]],
) -> Callable[P, Coroutine[Any, Any, BaseStructuredStream[ModelT]]]: ...
@overload
def override(
    provider_agnostic_call: Callable[P, object],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Unpack[StructuredStreamOptions[object, AnyParams, ModelT]],
) -> Callable[P, BaseStructuredStream[ModelT]]: ...
@overload
def override(
    provider_agnostic_call: Callable[P, Coroutine[Any, Any, object]],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Unpack[ModelOptions[object, AnyParams, ModelT]],
) -> Callable[P, Coroutine[Any, Any, ModelT]]: ...
@overload
def override(
    provider_agnostic_call: Callable[P, object],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Unpack[ModelOptions[object, AnyParams, ModelT]],
) -> Callable[P, ModelT]: ...
@overload
def override(
    provider_agnostic_call: Callable[P, Coroutine[Any, Any, object]],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Unpack[ParserOptions[object, AnyParams, CallResponse, ResultT]],
) -> Callable[P, Coroutine[Any, Any, ResultT]]: ...
@overload
def override(
    provider_agnostic_call: Callable[P, object],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Unpack[ParserOptions[object, AnyParams, CallResponse, ResultT]],
) -> Callable[P, ResultT]: ...
def override(
    provider_agnostic_call: Callable[..., Any],
    *,
    provider: str | None = None,
    model: str | None = None,
    **options: Any,
) -> Callable[..., Any]:
    """Return a copy of a function whose calls have other settings; the function does not change.

    The function is one that `call` decorates, or one that calls such functions. The settings apply
    to every call that is made while it runs, and take precedence over those of a `context`.

    Some options (``stream``, ``tools``, ``response_model``, ``output_parser``, ``json_mode``)
    decide the result of the decorated function. They apply to this function only, not to other
    functions that it calls to build its prompt. If you override one of ``stream``,
    ``response_model`` and ``output_parser``, the function's own values of all three are dropped.

    Args:
        provider_agnostic_call: The function. Its other decorators are kept.
        provider: Another provider; pass its ``model`` too.
        model: A model of that provider.
        options: Other options of `call`.

    Raises:
        ValueError: You passed a provider without a model, or a model without a provider; or the
            function is decorated by a provider's own ``call``, whose provider cannot change.
        TypeError: There is no such option.

    Example:
        >>> from mirascope import llm
        >>> @llm.call("openai:gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> recommend_with_claude = llm.override(
        ...     recommend_book, provider="anthropic", model="claude-haiku-4-5"
        ... )
        >>> for chunk, _ in recommend_with_claude("fantasy"):
        ...     print(chunk.content, end="")
        The Name of the Wind
    """
    fn = provider_agnostic_call
    decorated = getattr(fn, "_decorated", None)  # other decorators copy it
    if decorated is None and getattr(fn, "__mirascope_call__", False):
        raise ValueError(
            f"{fn!r} is decorated by a provider's own call decorator, not by llm.call: "
            "its settings cannot be overridden"
        )
    own = {name: options.pop(name) for name in OF_ONE_CALL & options.keys()}
    return with_overrides(
        fn, (override_of(provider, model, options), override_of(None, None, own, decorated))
    )


def with_overrides(fn: Callable[..., Any], added: Overrides) -> Callable[..., Any]:
    """Return a function that adds overrides to the current ones while it is called."""

    def call(*args: object, **kwargs: object) -> object:
        with overriding((*overrides(), *added)):
            return fn(*args, **kwargs)

    @coroutine_function
    def acall(*args: object, **kwargs: object) -> Coroutine[object, object, object]:
        return awaited((*overrides(), *added), args, kwargs)

    async def awaited(current: Overrides, args: Any, kwargs: Any) -> object:
        with overriding(current):
            return await fn(*args, **kwargs)

    return wraps(fn)(acall if is_async(fn) else call)
