"""The call decorator: from a prompt function to a response or a stream, for every provider.

The options decide the type of the result, the function decides between sync and async. So there is
one overload for each type of result here, and two for the function in `CallDecorator`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, cast, overload

from pydantic import BaseModel
from typing_extensions import ParamSpec, TypeVar, Unpack

from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._calls.options import (
    CallOptions,
    EitherOptions,
    ModelOptions,
    ModelOrToolsOptions,
    ModelParserOptions,
    ParamsT,
    ParserOptions,
    PicklableOptions,
    ResponseOptions,
    ResultT,
    StreamOptions,
    StructuredStreamOptions,
    check,
)
from mirascope.core._calls.options import ModelT as ResponseModelT
from mirascope.core._calls.prepared_call import DecoratedCall
from mirascope.core._calls.provider import CallResponseT, Provider, StreamT
from mirascope.core._calls.stream_config import StreamConfig
from mirascope.core._engine.structured_stream import BaseStructuredStream
from mirascope.core._prompts.metadata import Metadata
from mirascope.core._prompts.prompt_function import PromptFunction, PromptResult
from mirascope.core._responses.response_model import ResponseModel
from mirascope.core._tools.tool_types import Tools

P = ParamSpec("P")
ResultT_co = TypeVar("ResultT_co", covariant=True)
RawT = TypeVar("RawT", bound=BaseModel)


class CallDecorator(Protocol[ResultT_co]):
    """Decorates a prompt function, which then returns a result; an async one its coroutine."""

    @overload
    def __call__(self, fn: Callable[P, PromptResult], /) -> Callable[P, ResultT_co]: ...
    @overload
    def __call__(
        self, fn: Callable[P, Coroutine[object, object, PromptResult]], /
    ) -> Callable[P, Coroutine[object, object, ResultT_co]]: ...


class Call(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT, ParamsT]):
    """A provider's ``call`` decorator.

    Args:
        provider: The provider.
    """

    def __init__(
        self, provider: Provider[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]
    ) -> None:
        self._provider = provider
        self.__name__ = f"{provider.name}_call"

    @overload
    def __call__(
        self, model: str, **options: Unpack[ResponseOptions[ClientT | AsyncClientT, ParamsT]]
    ) -> CallDecorator[CallResponseT]: ...
    @overload
    def __call__(
        self,
        model: str,
        **options: Unpack[ParserOptions[ClientT | AsyncClientT, ParamsT, CallResponseT, ResultT]],
    ) -> CallDecorator[ResultT]: ...
    @overload
    def __call__(
        self,
        model: str,
        **options: Unpack[ModelOptions[ClientT | AsyncClientT, ParamsT, ResponseModelT]],
    ) -> CallDecorator[ResponseModelT]: ...
    @overload
    def __call__(
        self,
        model: str,
        **options: Unpack[ModelOrToolsOptions[ClientT | AsyncClientT, ParamsT, ResponseModelT]],
    ) -> CallDecorator[ResponseModelT | CallResponseT]: ...
    @overload
    def __call__(
        self,
        model: str,
        **options: Unpack[
            ModelParserOptions[ClientT | AsyncClientT, ParamsT, ResponseModelT, ResultT]
        ],
    ) -> CallDecorator[ResultT]: ...
    @overload
    def __call__(
        self, model: str, **options: Unpack[StreamOptions[ClientT | AsyncClientT, ParamsT]]
    ) -> CallDecorator[StreamT]: ...
    @overload
    def __call__(
        self,
        model: str,
        **options: Unpack[StructuredStreamOptions[ClientT | AsyncClientT, ParamsT, ResponseModelT]],
    ) -> CallDecorator[BaseStructuredStream[ResponseModelT]]: ...
    @overload
    def __call__(
        self, model: str, **options: Unpack[EitherOptions[ClientT | AsyncClientT, ParamsT]]
    ) -> CallDecorator[CallResponseT | StreamT]: ...
    def __call__(
        self,
        model: str,
        *,
        stream: bool | StreamConfig = False,
        tools: Tools | None = None,
        response_model: type[Any] | None = None,
        output_parser: Callable[[Any], object] | None = None,
        **options: Unpack[CallOptions[ClientT | AsyncClientT, ParamsT]],
    ) -> CallDecorator[object]:
        """Make a prompt function call a model.

        The decorated function runs the prompt function, sends its prompt and returns the result: a
        response, a stream if ``stream`` is set, an instance of ``response_model``, a stream of
        partial instances, or the output of ``output_parser`` for a response or an instance. An
        ``async def`` function becomes one that is awaited. A stream sends its request when it is
        iterated.

        Args:
            model: The name of the model.
            stream: Whether to stream; ``{"partial_tools": True}`` yields partial tools too.
            tools: The tools that the model may call: functions, classes or toolkits. A response or
                a stream has the calls; none of them is run.
            response_model: The type of the result: a pydantic model, or any type that pydantic can
                validate. The model is forced to call it as a tool, or to write it as JSON. Without
                streaming there may be ``tools`` beside it: if the model calls one of those, the
                response is returned.
            output_parser: Makes the result of the response, or of the response model; not with
                ``stream``.
            json_mode: Whether the model has to write JSON.
            client: The client to use, sync or async as the function is; by default one per process
                (per event loop for async), made from the environment. A function with a client
                of its own can be pickled by reference only, as clients stay in their process.
            call_params: Further parameters of the request.
            max_retries: How often to retry a request that fails before the first content is
                received; by default twice, or as a user-supplied client is configured. The SDK of
                such a client retries by itself until the response begins, unless this,
                ``on_retry`` or a ``timeout`` from the beginning is passed.
            timeout: How long the response may take: a `Timeout`, or the total in seconds;
                `Timeout.default` has the deadlines that it leaves open.
            on_retry: Called with a `Retry` before a request is sent again; may be async where the
                function is.
            on_interrupt: The reaction to a stream that breaks off after content was received:
                ``"raise"`` the error, or ``"restart"`` the response, as often and as late as a
                request may be retried. The chunks, and the tools, of the new response then follow
                those of the old one, which is void: ``on_retry`` and the stream's own `on_retry`
                receive a `Retry` with ``restarts`` true. ``"resume"`` requests the rest of a
                response that the server generates in the background, as often and as late; what
                was received stays, and the `Retry` has ``resumes`` true.
            cancel_on_close: Whether leaving a stream early also cancels the response at the server,
                where that generates it in the background. It is attempted once, for at most two
                seconds, and never fails.
            keep: How much of a response a stream keeps while it is received: ``"all"``, the
                default; ``"text"`` and tool calls, without the data of single tokens (logprobs);
                or ``"none"``: then only the chunks have it. Not with ``response_model``.
            local_files: Whether a text in a template's ``{photo:image}`` and the like may name a
                file of this machine, as a path or a ``file:`` URL. Set it to false where the text
                may be another person's; a `pathlib.Path` is read all the same. By default it may,
                unless the environment variable ``MIRASCOPE_LOCAL_FILES`` is set to anything but
                ``ENABLED``.

        Raises:
            ValueError: ``output_parser`` is given with ``stream``, or ``keep="none"`` with
                ``response_model``; ``timeout`` is not above zero, ``max_retries`` below, or
                ``on_interrupt`` or ``keep`` another word; or, here or at the call, an option is for
                background responses only, and the response is none.
            TypeError: ``timeout`` is neither a number nor a `Timeout`, or ``local_files`` or
                ``cancel_on_close`` no bool; there is no such option; or ``on_retry`` is async and
                the function is not.
            TemplateError: At the call: the template names a variable that the function lacks.
            AuthenticationFailed: At the call: there is no client given and no API key.
            StreamError: At the call, or while a stream is iterated: any other failure. It is an
                error of the provider's SDK too.
            pydantic.ValidationError: The response does not fit the response model; `response_of`
                the error is the response.
        """
        if stream and output_parser is not None:
            raise ValueError("Cannot use `output_parser` with `stream=True`.")
        check(options)
        if response_model is not None and options.get("keep") == "none":
            raise ValueError('Cannot use `keep="none"` with `response_model`.')

        def decorate(fn: Callable[..., object]) -> Callable[..., object]:
            call = DecoratedCall(
                provider=self._provider,
                prompt=PromptFunction(fn),
                model=model,
                tools=tools or (),
                response_model=None if response_model is None else ResponseModel(response_model),
                output_parser=output_parser,
                streaming=bool(stream),
                partial_tools=isinstance(stream, dict) and stream.get("partial_tools", False),
                options=cast("CallOptions[Any, Any]", PicklableOptions(options)),
                metadata=getattr(fn, "_metadata", Metadata()),
            )
            return call.decorated(fn)

        return cast("CallDecorator[object]", decorate)
