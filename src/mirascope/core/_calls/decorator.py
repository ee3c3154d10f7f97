"""From a function to an answer: the call decorator, the same for every provider.

The options choose the result, the function chooses sync or async; so the overloads are one for each
kind of result, and two for the function.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Generic, Literal, Protocol, cast, overload

from pydantic import BaseModel
from typing_extensions import ParamSpec, TypeVar, Unpack

from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._calls.options import CallOptions, ParamsT, PicklableOptions, check
from mirascope.core._calls.provider import Arguments, CallResponseT, Provider, Request, StreamT
from mirascope.core._calls.stream_config import StreamConfig
from mirascope.core._engine.deadlines import Deadlines
from mirascope.core._engine.structured_stream import BaseStructuredStream
from mirascope.core._engine.timeout import NEVER, STANDARD, Timeout
from mirascope.core._errors.redaction import HiddenRepr
from mirascope.core._prompts.media import local_files
from mirascope.core._prompts.messages import Messages
from mirascope.core._prompts.metadata import Metadata
from mirascope.core._prompts.prompt_function import Prompt, PromptFunction, PromptResult
from mirascope.core._responses.response_model import ResponseFormat, ResponseModel
from mirascope.core._tools.tool import BaseTool, name_of
from mirascope.core._tools.tool_types import Tools, tool_types_of

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
AnswerT = TypeVar("AnswerT")
ResultT_co = TypeVar("ResultT_co", covariant=True)
RawT = TypeVar("RawT", bound=BaseModel)


class CallDecorator(Protocol[ResultT_co]):
    """Makes a prompt function answer with a result; an async one with its coroutine."""

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
        self,
        model: str,
        *,
        stream: Literal[False] = False,
        tools: Tools | None = None,
        response_model: None = None,
        output_parser: None = None,
        **options: Unpack[CallOptions[ClientT, AsyncClientT, ParamsT]],
    ) -> CallDecorator[CallResponseT]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: Literal[False] = False,
        tools: Tools | None = None,
        response_model: None = None,
        output_parser: Callable[[CallResponseT], ResultT],
        **options: Unpack[CallOptions[ClientT, AsyncClientT, ParamsT]],
    ) -> CallDecorator[ResultT]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: Literal[False] = False,
        tools: None = None,
        response_model: type[AnswerT],
        output_parser: None = None,
        **options: Unpack[CallOptions[ClientT, AsyncClientT, ParamsT]],
    ) -> CallDecorator[AnswerT]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: Literal[False] = False,
        tools: Tools,
        response_model: type[AnswerT],
        output_parser: None = None,
        **options: Unpack[CallOptions[ClientT, AsyncClientT, ParamsT]],
    ) -> CallDecorator[AnswerT | CallResponseT]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: Literal[False] = False,
        tools: None = None,
        response_model: type[AnswerT],
        output_parser: Callable[[AnswerT], ResultT],
        **options: Unpack[CallOptions[ClientT, AsyncClientT, ParamsT]],
    ) -> CallDecorator[ResultT]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: Literal[True] | StreamConfig,
        tools: Tools | None = None,
        response_model: None = None,
        **options: Unpack[CallOptions[ClientT, AsyncClientT, ParamsT]],
    ) -> CallDecorator[StreamT]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: Literal[True] | StreamConfig,
        tools: Tools | None = None,
        response_model: type[AnswerT],
        **options: Unpack[CallOptions[ClientT, AsyncClientT, ParamsT]],
    ) -> CallDecorator[BaseStructuredStream[AnswerT]]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: bool | StreamConfig,
        tools: Tools | None = None,
        response_model: None = None,
        **options: Unpack[CallOptions[ClientT, AsyncClientT, ParamsT]],
    ) -> CallDecorator[CallResponseT | StreamT]: ...
    def __call__(
        self,
        model: str,
        *,
        stream: bool | StreamConfig = False,
        tools: Tools | None = None,
        response_model: type[AnswerT] | None = None,
        output_parser: Callable[[Any], object] | None = None,
        **options: Unpack[CallOptions[ClientT, AsyncClientT, ParamsT]],
    ) -> CallDecorator[object]:
        """Make a prompt function ask a model.

        The decorated function runs the prompt function, sends its prompt and returns the answer:
        a response, a stream if ``stream`` is set, an instance of ``response_model``, a stream of
        growing ones, or what ``output_parser`` makes of a response or an instance. An ``async def``
        function becomes one that is awaited. A stream sends its request when it is iterated.

        Args:
            model: The name of the model.
            stream: Whether to stream; ``{"partial_tools": True}`` tells tools as they grow too.
            tools: The tools that the model may call: functions, classes or toolkits. A response or
                a stream has the calls; nothing is run by itself.
            response_model: The type of the answer: a pydantic model, or anything that pydantic can
                validate. The model is made to call it as a tool, or to write it as JSON. Without
                streaming there may be ``tools`` beside it: if the model calls one of those, the
                response is returned.
            output_parser: Makes the result of the response, or of the response model; not with
                ``stream``.
            json_mode: Whether the answer is to be JSON text.
            client: The client to use, sync or async as the function is; by default one per process
                (per event loop for async), made from the environment. A function that is given one
                can be pickled by reference only, as clients stay in their process.
            call_params: Further parameters of the request.
            max_retries: How often to send a request again that fails before the first content has
                come; by default twice, or as a client that is given says. Such a client retries by
                itself what fails before the answer begins, unless this, ``on_retry`` or a
                ``timeout`` from the beginning is given.
            timeout: How long the answer may take: a `Timeout`, or the total in seconds; what it
                does not say, `Timeout.default` says.
            on_retry: Called with a `Retry` before a request is sent again; may be async where the
                function is.
            on_interrupt: What becomes of a stream that breaks off after content has come:
                ``"raise"`` what happened, or ``"restart"`` the answer, which is as often and as
                late as a request may be sent again. The chunks, and the tools, of the new answer
                then follow those of the old one, which counts no more: ``on_retry`` and the
                stream's own `on_retry` are told so, with ``restarts`` true.
            keep: How much of an answer a stream keeps while it comes: ``"all"``, the default;
                ``"text"`` and tool calls, without what is told of single tokens (logprobs); or
                ``"none"``: then only the chunks tell it. Not with ``response_model``.
            local_files: Whether a text in a template's ``{photo:image}`` and the like may name a
                file of this machine, as a path or a ``file:`` URL. Set it to false where the text
                may come from someone else; a `pathlib.Path` is read all the same. By default it
                may, unless the environment variable ``MIRASCOPE_LOCAL_FILES`` is set to anything
                but ``ENABLED``.

        Raises:
            ValueError: ``output_parser`` is given with ``stream``, or ``keep="none"`` with
                ``response_model``; ``timeout`` is not above zero, ``max_retries`` below, or
                ``on_interrupt`` or ``keep`` another word.
            TypeError: ``timeout`` is neither a number nor a `Timeout`, or ``local_files`` no bool;
                there is no such option; or ``on_retry`` is async and the function is not.
            TemplateError: At the call: the template names a variable that the function lacks.
            AuthenticationFailed: At the call: there is no client given and no key.
            StreamError: At the call, or while a stream is iterated: whatever else goes wrong. It
                is an error of the provider's SDK too.
            pydantic.ValidationError: The answer does not fit the response model; `response_of` the
                error is the response.
        """
        if stream and output_parser is not None:
            raise ValueError("Cannot use `output_parser` with `stream=True`.")
        check(options)
        if response_model is not None and options.get("keep") == "none":
            raise ValueError('Cannot use `keep="none"` with `response_model`.')

        def decorate(fn: Callable[..., object]) -> Callable[..., object]:
            caller = _DecoratedCall(
                provider=self._provider,
                prompt=PromptFunction(fn),
                model=model,
                tools=tools or (),
                answer=None if response_model is None else ResponseModel(response_model),
                parse=output_parser,
                streaming=bool(stream),
                partial_tools=isinstance(stream, dict) and stream.get("partial_tools", False),
                options=cast(
                    "CallOptions[ClientT, AsyncClientT, ParamsT]", PicklableOptions(options)
                ),
                metadata=getattr(fn, "_metadata", Metadata()),
            )
            return caller.decorated(fn)

        return cast("CallDecorator[object]", decorate)


@dataclass(frozen=True, kw_only=True, repr=False)
class _DecoratedCall(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]):
    """A decorated function, from its arguments to its answer."""

    provider: Provider[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]
    prompt: PromptFunction
    model: str
    tools: Tools
    answer: ResponseModel[Any] | None
    parse: Callable[[Any], object] | None
    streaming: bool
    partial_tools: bool
    options: CallOptions[ClientT, AsyncClientT, Any]
    metadata: Metadata

    def __post_init__(self) -> None:
        hook = self.options.get("on_retry")
        if inspect.iscoroutinefunction(hook) and not self.prompt.is_async:
            raise TypeError(f"`on_retry` is async, and {self.prompt.fn.__name__} is not")

    @property
    def _call_params(self) -> Mapping[str, object]:
        return cast("Mapping[str, object]", self.options.get("call_params") or {})

    @property
    def _deadlines(self) -> Deadlines:
        timeout = Timeout.of(self.options.get("timeout"))
        return Deadlines(timeout.over(Timeout.default), STANDARD if self.streaming else NEVER)

    def decorated(self, fn: Callable[..., object]) -> Callable[..., object]:
        """Return the function that answers."""
        provider, run = self.provider, self.prompt.fn
        allowed = self.options.get("local_files")

        @wraps(fn)
        def call(*args: object, **kwargs: object) -> object:
            with local_files(allowed):
                asking = self._ask(run(*args, **kwargs), args, kwargs)
            request = asking.request(provider.client(asking.client))
            if self.streaming:
                return asking.stream(request)
            start = time.time() * 1000
            raw = request.create()
            result = asking.result(asking.response(raw, start))
            return self.parse(result) if self.parse else result

        @wraps(fn)
        async def acall(*args: object, **kwargs: object) -> object:
            with local_files(allowed):
                result = await cast("Coroutine[object, object, object]", run(*args, **kwargs))
                asking = self._ask(result, args, kwargs)
            request = asking.request(await provider.aclient(asking.client))
            if self.streaming:
                return asking.stream(request)
            start = time.time() * 1000
            raw = await request.acreate()
            result = asking.result(asking.response(raw, start))
            parsed = self.parse(result) if self.parse else result
            return await parsed if inspect.isawaitable(parsed) else parsed

        decorated = acall if self.prompt.is_async else call
        vars(decorated).update(_model=self.model, __mirascope_call__=True)
        return decorated

    def _ask(
        self, result: object, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> _PreparedCall[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]:
        variables = self.prompt.variables(args, kwargs)
        prompt = self.prompt.prompt(result, variables)
        tools = tool_types_of(prompt.config.get("tools", self.tools), self.provider.tool_type)
        params = {**self._call_params, **prompt.config.get("call_params", {})}
        tools, form = self._form(tools, params)
        arguments, messages = self._encoded(prompt, params, tools, form)
        return _PreparedCall(
            provider=self.provider,
            model=self.model,
            arguments=arguments,
            client=prompt.config.get("client") or self.options.get("client"),
            options=self.options,
            is_async=self.prompt.is_async,
            partial_tools=self.partial_tools,
            answer=self.answer,
            from_call={} if self.answer is None else self.answer.from_call(prompt.variables),
            deadlines=self._deadlines,
            asked={
                "provider": self.provider.name,
                "metadata": prompt.config.get("metadata") or self.metadata,
                "tool_types": (tools or None) if form is None or form.tool is None else None,
                "prompt_template": prompt.template,
                "fn_args": prompt.variables,
                "dynamic_config": prompt.config or None,
                "messages": messages,
                "call_params": self._call_params,
                "call_kwargs": arguments,
                "structured": self.answer is not None,
            },
        )

    def _form(
        self, tools: list[type[BaseTool]], params: Mapping[str, object]
    ) -> tuple[list[type[BaseTool]], ResponseFormat | None]:
        """Return the tools to tell the model of, and the form that its answer is to have.

        A response model is a tool that the model has to call. Where it may call others, in JSON
        mode, or where the API does not force tools, it is the form of the text.
        """
        if self.answer is None:
            return tools, ResponseFormat() if self.options.get("json_mode") else None
        request_model, strict = self.answer.request_model, self.answer.strict
        as_text = self.options.get("json_mode") or not self.provider.forces_tools(params)
        if as_text or (tools and not self.streaming):
            tools = [] if self.streaming else tools
            return tools, ResponseFormat(
                model=request_model, strict=strict, beside_tools=bool(tools)
            )
        tool = self.provider.tool_type.type_from_base_model_type(request_model)
        return [tool], ResponseFormat(tool=name_of(tool), strict=strict)

    def _encoded(
        self,
        prompt: Prompt,
        params: Mapping[str, object],
        tools: list[type[BaseTool]],
        form: ResponseFormat | None,
    ) -> tuple[Arguments, list[object]]:
        """Return the request's arguments, and the prompt's messages in the provider's form."""
        told = form is not None and form.tool is None and not self.provider.supports_format(form)
        instruction = [Messages.User(form.as_instruction())] if form is not None and told else []
        own_form, name = self.provider.response_type.message_format, self.provider.name
        arguments = self.provider.encode(
            self.model,
            own_form.to_send([*prompt.messages, *instruction], name),
            params,
            streaming=self.streaming,
            tools=tools,
            form=form,
        )
        messages = cast("list[object]", arguments["messages"])
        return arguments, messages[: len(messages) - len(instruction)]


@dataclass(kw_only=True, repr=False)
class _PreparedCall(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]):
    """One call, ready to be sent."""

    provider: Provider[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]
    model: str
    arguments: Arguments
    client: object
    options: CallOptions[Any, Any, Any]
    is_async: bool
    partial_tools: bool
    answer: ResponseModel[Any] | None
    from_call: Mapping[str, object]
    deadlines: Deadlines
    asked: dict[str, Any]

    def request(self, client: object) -> Request[ClientT, AsyncClientT, RawT]:
        """Return the request; a client of ours never retries, as the engine does."""
        theirs = self.client is not None and not self.deadlines.limits_opening
        client, arguments, policy = self.provider.retrying(
            client, self.arguments, self.options, by_itself=theirs
        )
        return Request(
            provider=self.provider,
            client=client,
            is_async=self.is_async,
            arguments=HiddenRepr(arguments),
            policy=policy,
            deadlines=self.deadlines,
        )

    def stream(
        self, request: Request[ClientT, AsyncClientT, RawT]
    ) -> StreamT | BaseStructuredStream[Any]:
        stream = self.provider.stream_type(
            stream=request,
            model=self.model,
            partial_tools=self.partial_tools,
            keep=self.options.get("keep", "all"),
            **self.asked,
        )
        if self.answer is None:
            return stream
        return BaseStructuredStream(
            stream=stream, response_model=self.answer.kind, fields_from_call_args=self.from_call
        )

    def response(self, raw: RawT, start_time: float) -> CallResponseT:
        return self.provider.response_type(
            response=raw, start_time=start_time, end_time=time.time() * 1000, **self.asked
        )

    def result(self, response: CallResponseT) -> object:
        """Return the response, or the answer of the response model that it has."""
        if self.answer is None or response.tools:
            return response
        return self.answer.parse(response, self.from_call)
