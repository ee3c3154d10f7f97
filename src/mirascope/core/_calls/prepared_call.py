"""The run of a decorated function: its arguments, the prepared request, the result."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Generic, cast

from mirascope.core._calls.background import check_provider, check_request
from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._calls.encoded_call import EncodedCall
from mirascope.core._calls.options import CallOptions
from mirascope.core._calls.provider import Arguments, CallResponseT, Provider, RawT, StreamT
from mirascope.core._calls.request import Request, prepare_request
from mirascope.core._engine.deadlines import Deadlines
from mirascope.core._engine.structured_stream import BaseStructuredStream
from mirascope.core._engine.timeout import NEVER, STANDARD, Timeout
from mirascope.core._observers.registry import observe
from mirascope.core._prompts.media import local_files
from mirascope.core._prompts.messages import Messages
from mirascope.core._prompts.metadata import Metadata
from mirascope.core._prompts.prompt_function import Prompt, PromptFunction
from mirascope.core._responses.response_model import ResponseFormat, ResponseModel
from mirascope.core._tools.tool import BaseTool, name_of
from mirascope.core._tools.tool_types import Tools, tool_types_of


@dataclass(frozen=True, kw_only=True, repr=False)
class DecoratedCall(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]):
    """A prompt function with the arguments of its decorator.

    Attributes:
        provider: The provider.
        prompt: The prompt function.
        model: The name of the model.
        tools: The tools that the model may call.
        response_model: The response model, if there is one.
        output_parser: Makes the result of the response, or of the response model.
        streaming: Whether the result is a stream.
        partial_tools: Whether a stream yields partial tools.
        options: The other options.
        metadata: The metadata of the function.
    """

    provider: Provider[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]
    prompt: PromptFunction
    model: str
    tools: Tools
    response_model: ResponseModel[Any] | None
    output_parser: Callable[[Any], object] | None
    streaming: bool
    partial_tools: bool
    options: CallOptions[Any, Any]
    metadata: Metadata

    def __post_init__(self) -> None:
        hook = self.options.get("on_retry")
        if inspect.iscoroutinefunction(hook) and not self.prompt.is_async:
            raise TypeError(
                f"`on_retry` is async, but the function {self.prompt.fn.__name__} is not"
            )
        check_provider(self.provider, self.options)

    def decorated(self, fn: Callable[..., object]) -> Callable[..., object]:
        """Return the function that calls the model."""
        run, parse = self.prompt.fn, self.output_parser
        allowed = self.options.get("local_files")

        @wraps(fn)
        def call(*args: object, **kwargs: object) -> object:
            with local_files(allowed):
                prepared = self._prepare(run(*args, **kwargs), args, kwargs)
            request = prepared.request(prepared.provider.client(prepared.client))
            if self.streaming:
                return prepared.stream(request)
            start = time.time() * 1000
            with request.observations.plain_call():
                result = prepared.result(request, request.create(), start)
            return parse(result) if parse else result

        @wraps(fn)
        async def acall(*args: object, **kwargs: object) -> object:
            with local_files(allowed):
                returned = await cast("Coroutine[object, object, object]", run(*args, **kwargs))
                prepared = self._prepare(returned, args, kwargs)
            request = prepared.request(await prepared.provider.aclient(prepared.client))
            if self.streaming:
                return prepared.stream(request)
            start = time.time() * 1000
            with request.observations.plain_call():
                result = prepared.result(request, await request.acreate(), start)
            parsed = parse(result) if parse else result
            return await parsed if inspect.isawaitable(parsed) else parsed

        decorated = acall if self.prompt.is_async else call
        vars(decorated).update(_model=self.model, __mirascope_call__=True)
        return decorated

    def _prepare(
        self, returned: object, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> PreparedCall[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]:
        """Prepare a call from what the prompt function returned."""
        prompt = self.prompt.prompt(returned, self.prompt.variables(args, kwargs))
        client = prompt.config.get("client") or self.options.get("client")
        of_client = replace(self, provider=self.provider.of_client(client))
        return of_client._prepare_prompt(prompt, client)  # noqa: SLF001  # of the same class

    def _prepare_prompt(
        self, prompt: Prompt, client: object
    ) -> PreparedCall[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]:
        """Prepare a call of a prompt to the provider that the client is of."""
        model = self.response_model
        own_params = cast("Mapping[str, object]", self.options.get("call_params") or {})
        tools = tool_types_of(prompt.config.get("tools", self.tools), self.provider.tool_type)
        params = {**own_params, **prompt.config.get("call_params", {})}
        tools, form = self._response_format(tools, params)
        arguments, messages = self._encode(prompt, params, tools, form)
        check_request(self.provider, self.options, arguments)
        timeout = Timeout.of(self.options.get("timeout")).over(Timeout.default)
        return PreparedCall(
            provider=self.provider,
            model=self.model,
            prompt_messages=prompt.messages,
            params=params,
            requests_json=form is not None,
            arguments=arguments,
            client=client,
            options=self.options,
            is_async=self.prompt.is_async,
            streaming=self.streaming,
            partial_tools=self.partial_tools,
            response_model=model,
            from_call={} if model is None else model.from_call(prompt.variables),
            deadlines=Deadlines(timeout, STANDARD if self.streaming else NEVER),
            call_arguments={
                "provider": self.provider.name,
                "metadata": prompt.config.get("metadata") or self.metadata,
                "tool_types": (tools or None) if form is None or form.tool is None else None,
                "prompt_template": prompt.template,
                "fn_args": prompt.variables,
                "dynamic_config": prompt.config or None,
                "messages": messages,
                "call_params": own_params,
                "call_kwargs": arguments,
                "structured": model is not None,
            },
        )

    def _response_format(
        self, tools: list[type[BaseTool]], params: Mapping[str, object]
    ) -> tuple[list[type[BaseTool]], ResponseFormat | None]:
        """Return the tools of the request, and the response format.

        A response model is a tool that the model has to call. If the model may call other tools, in
        JSON mode, or where the API does not force tools, it is the format of the text.
        """
        json_mode = self.options.get("json_mode")
        if self.response_model is None:
            return tools, ResponseFormat() if json_mode else None
        request_model, strict = self.response_model.request_model, self.response_model.strict
        as_text = json_mode or not self.provider.forces_tools(params)
        if as_text or (tools and not self.streaming):
            tools = [] if self.streaming else tools
            return tools, ResponseFormat(
                model=request_model, strict=strict, beside_tools=bool(tools)
            )
        tool = self.provider.tool_type.type_from_base_model_type(request_model)
        return [tool], ResponseFormat(tool=name_of(tool), strict=strict)

    def _encode(
        self,
        prompt: Prompt,
        params: Mapping[str, object],
        tools: list[type[BaseTool]],
        form: ResponseFormat | None,
    ) -> tuple[Arguments, list[object]]:
        """Return the request's arguments, and the prompt's messages in the provider's format."""
        instruction: list[Any] = []
        if form is not None and form.tool is None and not self.provider.supports_format(form):
            instruction = [Messages.User(form.as_instruction())]
        message_format = self.provider.response_type.message_format
        arguments = self.provider.encode(
            self.model,
            message_format.to_send([*prompt.messages, *instruction], self.provider.name),
            params,
            streaming=self.streaming,
            tools=tools,
            form=form,
        )
        messages = cast("list[object]", arguments["messages"])
        return arguments, messages[: len(messages) - len(instruction)]


@dataclass(kw_only=True, repr=False)
class PreparedCall(
    EncodedCall[ClientT, AsyncClientT, RawT, CallResponseT, StreamT],
    Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT],
):
    """One call, from its encoded arguments to its result.

    Attributes:
        client: The user-supplied client, if there is one.
        options: The options of the call.
        is_async: Whether the prompt function is async.
        partial_tools: Whether a stream yields partial tools.
        deadlines: The deadlines of the response.
    """

    client: object
    options: CallOptions[Any, Any]
    is_async: bool
    partial_tools: bool
    deadlines: Deadlines

    def request(self, client: object) -> Request[ClientT, AsyncClientT, RawT]:
        """Return the request; only the SDK of a user-supplied client may retry by itself."""
        return prepare_request(
            self.provider,
            client,
            self.arguments,
            self.options,
            self.deadlines,
            observations=observe(self),
            is_async=self.is_async,
            sdk_may_retry=self.client is not None and not self.deadlines.limits_opening,
        )

    def stream(
        self, request: Request[ClientT, AsyncClientT, RawT]
    ) -> StreamT | BaseStructuredStream[Any]:
        """Return the stream of a request, structured if there is a response model."""
        stream = self.provider.stream_type(
            stream=request,
            model=self.model,
            partial_tools=self.partial_tools,
            keep=self.options.get("keep", "all"),
            **self.call_arguments,
        )
        if self.response_model is None:
            return stream
        return BaseStructuredStream(
            stream=stream,
            response_model=self.response_model.kind,
            fields_from_call_args=self.from_call,
        )

    def result(
        self, request: Request[ClientT, AsyncClientT, RawT], raw: RawT, start_time: float
    ) -> object:
        """Return the response, or the instance of the response model that it holds.

        Args:
            request: The request.
            raw: The SDK's response.
            start_time: When the request was sent, in milliseconds since the epoch.
        """
        response = self.provider.response_type(
            response=raw, start_time=start_time, end_time=time.time() * 1000, **self.call_arguments
        )
        request.observations.receive(response)
        if self.response_model is None or response.tools:
            return response
        return self.response_model.parse(response, self.from_call)
