"""The call decorator whose provider is chosen by its name, and can change at each call."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, cast, overload

from typing_extensions import Unpack

from mirascope.core._calls.decorator import CallDecorator
from mirascope.core._calls.options import (
    EitherOptions,
    ModelOptions,
    ModelOrToolsOptions,
    ModelParserOptions,
    ModelT,
    ParserOptions,
    ResponseOptions,
    ResultT,
    StreamOptions,
    StructuredStreamOptions,
)
from mirascope.core._engine.stream import BaseStream
from mirascope.core._engine.structured_stream import BaseStructuredStream
from mirascope.core._prompts.coroutines import coroutine_function, is_async
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.llm._providers import call_factory, parse_model
from mirascope.llm._settings import AnyParams, Settings, current, passed_options
from mirascope.llm.call_response import CallResponse
from mirascope.llm.stream import Stream


@overload
def call(
    provider: str,
    model: str | None = None,
    **options: Unpack[ResponseOptions[object, AnyParams]],
) -> CallDecorator[CallResponse]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    **options: Unpack[ParserOptions[object, AnyParams, CallResponse, ResultT]],
) -> CallDecorator[ResultT]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    **options: Unpack[ModelOptions[object, AnyParams, ModelT]],
) -> CallDecorator[ModelT]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    **options: Unpack[ModelOrToolsOptions[object, AnyParams, ModelT]],
) -> CallDecorator[ModelT | CallResponse]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    **options: Unpack[ModelParserOptions[object, AnyParams, ModelT, ResultT]],
) -> CallDecorator[ResultT]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    **options: Unpack[StreamOptions[object, AnyParams]],
) -> CallDecorator[Stream]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    **options: Unpack[StructuredStreamOptions[object, AnyParams, ModelT]],
) -> CallDecorator[BaseStructuredStream[ModelT]]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    **options: Unpack[EitherOptions[object, AnyParams]],
) -> CallDecorator[CallResponse | Stream]: ...
def call(provider: str, model: str | None = None, **options: Any) -> CallDecorator[object]:
    """Make a prompt function call a model of any provider.

    It works like a provider's own ``call``, such as ``mirascope.core.openai.call``, with three
    differences. You choose the provider by its name; the provider and its SDK are imported at the
    first call. `context` and `override` can replace the provider at each call. The results have the
    same form for all providers.

    The decorated function returns a `CallResponse`, or a `Stream` with ``stream=True``, or what
    ``response_model`` and ``output_parser`` make of the response.

    Args:
        provider (str): The provider, such as ``"openai"``, or the provider and the model, such as
            ``"openai:gpt-4o-mini"``. A package can register other names, as entry points of the
            group ``mirascope.providers``; see `mirascope.core.providers` and `register_server`.
        model (str | None): The name of the model, if ``provider`` does not include it.
        options: ``stream``, ``tools``, ``response_model``, ``output_parser``, ``json_mode``,
            ``client``, ``call_params``, ``max_retries``, ``timeout`` (in seconds), ``on_retry``,
            ``on_interrupt``, ``cancel_on_close``, ``keep`` and ``local_files``;
            ``help(mirascope.core.openai.call)`` explains them.

    Raises:
        ValueError: There is no such provider, or there is no model.
        MissingSDKError: At the call: the provider's SDK is not installed.
        ProviderLoadError: At the call: the package that registers the provider is broken.
        StreamError: At the call, or while you iterate a stream: any other failure.

    Example:
        >>> from mirascope import llm
        >>> @llm.call("openai:gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> for chunk, _ in recommend_book("fantasy"):
        ...     print(chunk.content, end="", flush=True)
        The Name of the Wind
    """
    settings = Settings(*parse_model(provider, model), passed_options(options))
    if options.get("stream") and options.get("output_parser"):
        raise ValueError("Cannot use `output_parser` with `stream=True`.")

    def decorate(fn: Callable[..., object]) -> Callable[..., object]:
        return _decorated(AgnosticCall(fn, settings))

    return cast("CallDecorator[object]", decorate)


@dataclass(frozen=True, eq=False)
class AgnosticCall:
    """A prompt function with its settings."""

    fn: Callable[..., object]
    settings: Settings

    def __getstate__(self) -> dict[str, object]:
        """Return the state to pickle: without the provider's function, which is made on use."""
        return {"fn": self.fn, "settings": self.settings}

    @cached_property
    def _own_function(self) -> Callable[..., Any]:
        return self._provider_function(self.settings)

    def function(self, settings: Settings) -> Callable[..., Any]:
        """Return the function that the provider's own decorator makes."""
        return (
            self._own_function if settings is self.settings else self._provider_function(settings)
        )

    def _provider_function(self, settings: Settings) -> Callable[..., Any]:
        options = dict(settings.options)
        if parse := cast("Callable[[object], object] | None", options.get("output_parser")):
            options["output_parser"] = _parser_of_agnostic(parse)
        return call_factory(settings.provider)(settings.model, **options)(self.fn)


def _decorated(agnostic_call: AgnosticCall) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        settings = current(agnostic_call.settings, decorated)
        return agnostic(agnostic_call.function(settings)(*args, **kwargs))

    @coroutine_function
    def acall(*args: object, **kwargs: object) -> Coroutine[object, object, object]:
        return awaited(current(agnostic_call.settings, decorated), args, kwargs)

    async def awaited(settings: Settings, args: Any, kwargs: Any) -> object:
        return agnostic(await agnostic_call.function(settings)(*args, **kwargs))

    decorated = wraps(agnostic_call.fn)(acall if is_async(agnostic_call.fn) else call)
    vars(decorated).update(
        _decorated=decorated, _model=agnostic_call.settings.model, __mirascope_call__=True
    )
    return decorated


def agnostic(result: object) -> object:
    """Return the provider-agnostic form of a provider's stream or response; others unchanged."""
    if isinstance(result, BaseStream):
        return Stream(cast("Any", result))
    if isinstance(result, BaseCallResponse):
        return CallResponse(cast("Any", result))
    return result


def _parser_of_agnostic(parse: Callable[[object], object]) -> Callable[[object], object]:
    """Return a parser of provider's responses for one of provider-agnostic responses."""
    return lambda result: parse(agnostic(result))
