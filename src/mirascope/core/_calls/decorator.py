"""The call decorator: from a prompt function to a response or a stream, for every provider.

The options decide the type of the result, the function decides between sync and async. So there is
one overload for each type of result here, and two for the function in `CallDecorator`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, cast, overload

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
from mirascope.core._responses.call_response_chunk import SDKObject
from mirascope.core._responses.response_model import ResponseModel
from mirascope.core._tools.tool_types import Tools

P = ParamSpec("P")
ResultT_co = TypeVar("ResultT_co", covariant=True)
RawT = TypeVar("RawT", bound=SDKObject)


class CallDecorator(Protocol[ResultT_co]):
    """Turns a prompt function into a function that calls the model and returns the result.

    An ``async def`` stays an ``async def``.
    """

    @overload
    def __call__(self, fn: Callable[P, PromptResult], /) -> Callable[P, ResultT_co]: ...
    @overload
    def __call__(
        self, fn: Callable[P, Coroutine[object, object, PromptResult]], /
    ) -> Callable[P, Coroutine[object, object, ResultT_co]]: ...


class Call(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT, ParamsT]):
    """The type of a provider's ``call`` decorator, such as ``mirascope.core.openai.call``.

    Args:
        provider: The description of the provider.
    """

    def __init__(
        self, provider: Provider[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]
    ) -> None:
        self._provider = provider
        self.__name__ = f"{provider.name}_call"
        self.__doc__ = self.__call__.__doc__  # which `help(openai.call)` prints

    def __repr__(self) -> str:
        return f"<call decorator of {self._provider.name}>"

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
        """Make a prompt function call a model of this provider.

        The decorated function has the parameters of the prompt function. It runs the prompt
        function, sends the prompt to the model, and returns one of these:

        - By default, the response, such as an `OpenAICallResponse`.
        - With ``stream``, a stream of ``(chunk, tool)`` pairs, such as an `OpenAIStream`.
        - With ``response_model``, an instance of that type.
        - With ``stream`` and ``response_model``, a stream of partial instances.
        - With ``output_parser``, the value that the parser returns.

        If the prompt function is an ``async def``, await the decorated function, and iterate a
        stream with ``async for``. A stream sends its request when iteration begins.

        Example:
            >>> from mirascope.core import openai
            >>> @openai.call("gpt-4o-mini", stream=True)
            ... def recommend_book(genre: str) -> str:
            ...     return f"Recommend a {genre} book"
            >>> for chunk, _ in recommend_book("fantasy"):
            ...     print(chunk.content, end="", flush=True)
            The Name of the Wind

        Args:
            model (str): The name of the model, such as ``"gpt-4o-mini"``.
            stream (bool | StreamConfig): Whether to stream. ``{"partial_tools": True}`` streams,
                and also yields each tool while its arguments are incomplete. Default: false.
            tools (Sequence | None): The tools that the model may call: functions, tool classes or
                toolkits. The library does not run them: call ``tool.call()``. Default: none.
            response_model (type | None): The type of the result: a pydantic model, or any type that
                pydantic can validate. The library forces the model to call it as a tool, or to
                write it as JSON. Without ``stream``, you can also pass ``tools``: if the model
                calls one of them, the function returns the response. Default: none.
            output_parser (Callable | None): A function that takes the response, or the instance of
                ``response_model``, and returns the result. Not with ``stream``. Default: none.
            json_mode (bool): Whether the model must write JSON. Default: false.
            client (object): The SDK's client: a sync one for a sync function, an async one for an
                ``async def``. The default client is made from the environment variables, once per
                process (for async, once per event loop). A function with a ``client`` can only be
                pickled by reference.
            call_params (dict | None): More parameters of the request, such as ``temperature``.
            max_retries (int | None): The maximum number of retries of a request that fails before
                the first content is received. Default: 2, or the setting of your own client. The
                SDK of your own client makes the retries before the response begins, unless you pass
                ``max_retries``, ``on_retry`` or a ``timeout`` that limits the start.
            timeout (float | Timeout | None): The time limit in seconds for the complete response,
                or a `Timeout` with three limits. `Timeout.default` has the limits that you do not
                set.
            on_retry (Callable | None): A function that is called with a `Retry` before each retry.
                It can be async if the prompt function is async. Default: none.
            on_interrupt (str): What to do if a stream fails after content was received:

                - ``"raise"`` (the default) raises the error.
                - ``"restart"`` sends the request again, within the limit of ``max_retries``. The
                  chunks of the new response follow those of the old one: discard the old ones.
                  ``on_retry``, and ``on_retry`` of the stream, get a `Retry` whose ``restarts`` is
                  true.
                - ``"resume"`` continues a response that the server generates in the background,
                  within the same limit. Keep what you received: the `Retry` has ``resumes`` true.

            cancel_on_close (bool): Whether closing a stream early also cancels a response that the
                server generates in the background. The library tries once, for at most two seconds;
                a failure raises no error. Default: false.
            keep (str): What a stream keeps of the response while it is read: ``"all"`` (the
                default); ``"text"``, which keeps text and tool calls but no logprobs; or
                ``"none"``, which keeps nothing. The chunks always have everything. Not ``"none"``
                with ``response_model``.
            local_files (bool | None): Whether a text in a template's ``{photo:image}`` may be the
                path or the ``file:`` URL of a local file. Set it to false if users write the text.
                A `pathlib.Path` is always allowed. Default: true, unless the environment variable
                ``MIRASCOPE_LOCAL_FILES`` has another value than ``ENABLED``.

        Raises:
            ValueError: Two options exclude each other, or an option has an invalid value. For the
                options of background responses, the error may be raised at the call.
            TypeError: An option has the wrong type or does not exist, or ``on_retry`` is async and
                the function is not.
            TemplateError: At the call: the template has a variable that the function does not have.
            AuthenticationFailed: At the call: there is no API key, and you passed no client.
            StreamError: At the call, or while you iterate a stream: any other failure. The error is
                also an instance of the SDK's own error class.
            pydantic.ValidationError: The response does not match ``response_model``;
                ``mirascope.core.response_of(error)`` returns the response.
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
