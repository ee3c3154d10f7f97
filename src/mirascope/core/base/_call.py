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
from typing_extensions import ParamSpec, TypeVar

from mirascope.core.base._clients import AsyncClientT, ClientT
from mirascope.core.base._provider import Arguments, CallResponseT, Provider, Request, StreamT
from mirascope.core.base.call_params import BaseCallParams, CommonCallParams
from mirascope.core.base.metadata import Metadata
from mirascope.core.base.prompt import PromptFunction, PromptResult
from mirascope.core.base.stream_config import StreamConfig

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)
ParamsT = TypeVar("ParamsT", bound=BaseCallParams)
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
        output_parser: None = None,
        client: ClientT | AsyncClientT | None = None,
        call_params: ParamsT | CommonCallParams | None = None,
        max_retries: int | None = None,
    ) -> CallDecorator[CallResponseT]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: Literal[False] = False,
        output_parser: Callable[[CallResponseT], ResultT],
        client: ClientT | AsyncClientT | None = None,
        call_params: ParamsT | CommonCallParams | None = None,
        max_retries: int | None = None,
    ) -> CallDecorator[ResultT]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: Literal[True] | StreamConfig,
        client: ClientT | AsyncClientT | None = None,
        call_params: ParamsT | CommonCallParams | None = None,
        max_retries: int | None = None,
    ) -> CallDecorator[StreamT]: ...
    @overload
    def __call__(
        self,
        model: str,
        *,
        stream: bool | StreamConfig,
        client: ClientT | AsyncClientT | None = None,
        call_params: ParamsT | CommonCallParams | None = None,
        max_retries: int | None = None,
    ) -> CallDecorator[CallResponseT | StreamT]: ...
    def __call__(
        self,
        model: str,
        *,
        stream: bool | StreamConfig = False,
        output_parser: Callable[[CallResponseT], object] | None = None,
        client: ClientT | AsyncClientT | None = None,
        call_params: ParamsT | CommonCallParams | None = None,
        max_retries: int | None = None,
    ) -> CallDecorator[object]:
        """Make a prompt function ask a model.

        The decorated function runs the prompt function, sends its prompt and returns the answer:
        a response, a stream if ``stream`` is set, or what ``output_parser`` makes of the response.
        An ``async def`` function becomes one that is awaited. A stream sends its request when it
        is iterated.

        Args:
            model: The name of the model.
            stream: Whether to stream.
            output_parser: Makes the result of the response; not with ``stream``.
            client: The client to use, sync or async as the function is; by default one per process
                (per event loop for async), made from the environment.
            call_params: Further parameters of the request.
            max_retries: How often to send a request again that fails before its answer begins; by
                default as the client says.

        Raises:
            ValueError: ``output_parser`` is given with ``stream``.
            TemplateError: At the call: the template names a variable that the function lacks.
            AuthenticationFailed: At the call: there is no client given and no key.
            StreamError: At the call, or while a stream is iterated: whatever else goes wrong. It
                is an error of the provider's SDK too.
        """
        if stream and output_parser is not None:
            raise ValueError("Cannot use `output_parser` with `stream=True`.")

        def decorate(fn: Callable[..., object]) -> Callable[..., object]:
            caller = _Caller(
                provider=self._provider,
                prompt=PromptFunction(fn),
                model=model,
                client=client,
                call_params=call_params or {},
                max_retries=max_retries,
                metadata=getattr(fn, "_metadata", Metadata()),
            )
            return caller.decorated(fn, streaming=bool(stream), parse=output_parser)

        return cast("CallDecorator[object]", decorate)


@dataclass(frozen=True, kw_only=True, repr=False)
class _Caller(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]):
    """A decorated function, from its arguments to its answer."""

    provider: Provider[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]
    prompt: PromptFunction
    model: str
    client: ClientT | AsyncClientT | None
    call_params: Mapping[str, object]
    max_retries: int | None
    metadata: Metadata

    def decorated(
        self,
        fn: Callable[..., object],
        *,
        streaming: bool,
        parse: Callable[[CallResponseT], object] | None,
    ) -> Callable[..., object]:
        """Return the function that answers."""
        provider, run = self.provider, self.prompt.fn

        @wraps(fn)
        def call(*args: object, **kwargs: object) -> object:
            asking = self._ask(run(*args, **kwargs), args, kwargs, streaming=streaming)
            asking.client = provider.client(asking.client)
            if streaming:
                return asking.stream()
            start = time.time() * 1000
            with provider.calling():
                raw = asking.request().create()
            response = asking.response(raw, start)
            return parse(response) if parse else response

        @wraps(fn)
        async def acall(*args: object, **kwargs: object) -> object:
            result = await cast("Coroutine[object, object, object]", run(*args, **kwargs))
            asking = self._ask(result, args, kwargs, streaming=streaming)
            asking.client = await provider.aclient(asking.client)
            if streaming:
                return asking.stream()
            start = time.time() * 1000
            with provider.calling():
                raw = await asking.request().acreate()
            response = asking.response(raw, start)
            parsed = parse(response) if parse else response
            return await parsed if inspect.isawaitable(parsed) else parsed

        decorated = acall if self.prompt.is_async else call
        vars(decorated).update(_model=self.model, __mirascope_call__=True)
        return decorated

    def _ask(
        self,
        result: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        *,
        streaming: bool,
    ) -> _Asking[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]:
        prompt = self.prompt.prompt(result, self.prompt.variables(args, kwargs))
        params = {**self.call_params, **prompt.config.get("call_params", {})}
        arguments = self.provider.encode(self.model, prompt.messages, params, streaming=streaming)
        return _Asking(
            provider=self.provider,
            model=self.model,
            arguments=arguments,
            client=prompt.config.get("client") or self.client,
            is_async=self.prompt.is_async,
            max_retries=self.max_retries,
            asked={
                "metadata": prompt.config.get("metadata") or self.metadata,
                "prompt_template": self.prompt.template_text,
                "fn_args": prompt.variables,
                "dynamic_config": prompt.config or None,
                "messages": arguments["messages"],
                "call_params": self.call_params,
                "call_kwargs": arguments,
            },
        )


@dataclass(kw_only=True, repr=False)
class _Asking(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]):
    """One call, ready to be sent."""

    provider: Provider[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]
    model: str
    arguments: Arguments
    client: object
    is_async: bool
    max_retries: int | None
    asked: dict[str, Any]

    def request(self) -> Request[ClientT, AsyncClientT, RawT]:
        return Request(
            provider=self.provider,
            client=self.client,
            is_async=self.is_async,
            arguments=self.arguments,
            max_retries=self.max_retries,
        )

    def stream(self) -> StreamT:
        return self.provider.stream_type(stream=self.request(), model=self.model, **self.asked)

    def response(self, raw: RawT, start_time: float) -> CallResponseT:
        return self.provider.response_type(
            response=raw, start_time=start_time, end_time=time.time() * 1000, **self.asked
        )
