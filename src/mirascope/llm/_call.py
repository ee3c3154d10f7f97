"""The call decorator whose provider is named by a text, and can be another at each call."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Literal, cast, overload

from typing_extensions import TypeVar, Unpack

from mirascope.core._calls.decorator import CallDecorator
from mirascope.core._calls.stream_config import StreamConfig
from mirascope.core._engine.stream import BaseStream
from mirascope.core._engine.structured_stream import BaseStructuredStream
from mirascope.core._prompts.coroutines import coroutine_function, is_async
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._tools.tool_types import Tools
from mirascope.llm._providers import call_of, named
from mirascope.llm._settings import Options, Settings, current, given
from mirascope.llm.call_response import CallResponse
from mirascope.llm.stream import Stream

AnswerT = TypeVar("AnswerT")
ResultT = TypeVar("ResultT")


@overload
def call(
    provider: str,
    model: str | None = None,
    *,
    stream: Literal[False] = False,
    tools: Tools | None = None,
    response_model: None = None,
    output_parser: None = None,
    **options: Unpack[Options],
) -> CallDecorator[CallResponse]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    *,
    stream: Literal[False] = False,
    tools: Tools | None = None,
    response_model: None = None,
    output_parser: Callable[[CallResponse], ResultT],
    **options: Unpack[Options],
) -> CallDecorator[ResultT]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    *,
    stream: Literal[False] = False,
    tools: None = None,
    response_model: type[AnswerT],
    output_parser: None = None,
    **options: Unpack[Options],
) -> CallDecorator[AnswerT]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    *,
    stream: Literal[False] = False,
    tools: Tools,
    response_model: type[AnswerT],
    output_parser: None = None,
    **options: Unpack[Options],
) -> CallDecorator[AnswerT | CallResponse]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    *,
    stream: Literal[False] = False,
    tools: None = None,
    response_model: type[AnswerT],
    output_parser: Callable[[AnswerT], ResultT],
    **options: Unpack[Options],
) -> CallDecorator[ResultT]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    *,
    stream: Literal[True] | StreamConfig,
    tools: Tools | None = None,
    response_model: None = None,
    **options: Unpack[Options],
) -> CallDecorator[Stream]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    *,
    stream: Literal[True] | StreamConfig,
    tools: Tools | None = None,
    response_model: type[AnswerT],
    **options: Unpack[Options],
) -> CallDecorator[BaseStructuredStream[AnswerT]]: ...
@overload
def call(
    provider: str,
    model: str | None = None,
    *,
    stream: bool | StreamConfig,
    tools: Tools | None = None,
    response_model: None = None,
    **options: Unpack[Options],
) -> CallDecorator[CallResponse | Stream]: ...
def call(provider: str, model: str | None = None, **options: Any) -> CallDecorator[object]:
    """Make a prompt function ask a model of whatever provider.

    This is a provider's own ``call``, but the provider is named by a text: it and its SDK are
    imported at the first call, another one can be put in its place (`context`, `override`), and
    what is returned has a form that is the same for all.

    Args:
        provider: The provider, such as ``"openai"``; or it and the model, as in
            ``"openai:gpt-4o-mini"``.
        model: The name of the model.
        options: Those of a provider's ``call``, such as ``mirascope.core.openai.call``; the
            decorated function returns a `Stream` where that returns one of the provider's, and a
            `CallResponse` where that returns one of the provider's.

    Raises:
        ValueError: There is no such provider, or no model is named.
        MissingSDKError: At the call: the provider's SDK is not installed.

    Example:
        >>> from mirascope import llm, prompt_template
        >>> @llm.call("openai:gpt-4o-mini", stream=True)
        ... @prompt_template("Recommend a {genre} book")
        ... def recommend_book(genre: str): ...
    """
    settings = Settings(*named(provider, model), given(options))
    if options.get("stream") and options.get("output_parser"):
        raise ValueError("Cannot use `output_parser` with `stream=True`.")

    def decorate(fn: Callable[..., object]) -> Callable[..., object]:
        return _decorated(Calling(fn, settings))

    return cast("CallDecorator[object]", decorate)


@dataclass(frozen=True, eq=False)
class Calling:
    """A prompt function with its settings."""

    fn: Callable[..., object]
    settings: Settings

    def __getstate__(self) -> dict[str, object]:
        """Return what is pickled: all but the provider's own function, made on first use."""
        return {"fn": self.fn, "settings": self.settings}

    @cached_property
    def _usual(self) -> Callable[..., Any]:
        return self._asking(self.settings)

    def asking(self, settings: Settings) -> Callable[..., Any]:
        """Return the function as the provider's own decorator makes it."""
        return self._usual if settings is self.settings else self._asking(settings)

    def _asking(self, settings: Settings) -> Callable[..., Any]:
        options = dict(settings.options)
        if parse := options.get("output_parser"):
            options["output_parser"] = _parsing(cast("Callable[[object], object]", parse))
        return call_of(settings.provider)(settings.model, **options)(self.fn)


def _decorated(calling: Calling) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        settings = current(calling.settings, decorated)
        return common(calling.asking(settings)(*args, **kwargs))

    @coroutine_function
    def acall(*args: object, **kwargs: object) -> Coroutine[object, object, object]:
        return answer(current(calling.settings, decorated), args, kwargs)

    async def answer(settings: Settings, args: Any, kwargs: Any) -> object:
        return common(await calling.asking(settings)(*args, **kwargs))

    decorated = wraps(calling.fn)(acall if is_async(calling.fn) else call)
    vars(decorated).update(
        _decorated=decorated, _model=calling.settings.model, __mirascope_call__=True
    )
    return decorated


def common(result: object) -> object:
    """Return the common form of a provider's stream or response; anything else stays as it is."""
    if isinstance(result, BaseStream):
        return Stream(cast("Any", result))
    if isinstance(result, BaseCallResponse):
        return CallResponse(cast("Any", result))
    return result


def _parsing(parse: Callable[[object], object]) -> Callable[[object], object]:
    def parsed(answer: object) -> object:
        return parse(common(answer))

    return parsed
