"""The options of a call.

`CallOptions` has those that do not decide the type of the result. The other classes add those that
do, one class for each type of result; the overloads of a provider's ``call``, of `llm.call` and of
`llm.override` take them all from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Literal, Required, TypeAlias, TypedDict, cast, get_args

from typing_extensions import TypeVar, override

from mirascope.core._calls.call_params import CommonCallParams
from mirascope.core._calls.stream_config import StreamConfig
from mirascope.core._engine.timeout import Timeout
from mirascope.core._errors.retry import RetryHook
from mirascope.core._tools.tool_types import Tools
from mirascope.core._wire.accumulator import Keep

AnyClientT = TypeVar("AnyClientT")
ParamsT = TypeVar("ParamsT")
ModelT = TypeVar("ModelT")
InputT = TypeVar("InputT")
ResultT = TypeVar("ResultT")

OnInterrupt: TypeAlias = Literal["raise", "restart", "resume"]
"""The reaction to a stream that fails after content was received."""


class CallOptions(TypedDict, Generic[AnyClientT, ParamsT], total=False):
    """The options of every call; see a provider's ``call``."""

    json_mode: bool
    client: AnyClientT | None
    call_params: ParamsT | CommonCallParams | None
    max_retries: int | None
    timeout: float | Timeout | None
    on_retry: RetryHook | None
    on_interrupt: OnInterrupt
    cancel_on_close: bool
    keep: Keep
    local_files: bool | None


class ResponseOptions(CallOptions[AnyClientT, ParamsT], total=False):
    """The result is a response."""

    stream: Literal[False]
    tools: Tools | None
    response_model: None
    output_parser: None


class ParserOptions(
    CallOptions[AnyClientT, ParamsT], Generic[AnyClientT, ParamsT, InputT, ResultT], total=False
):
    """The result is the output of a parser of responses."""

    stream: Literal[False]
    tools: Tools | None
    response_model: None
    output_parser: Required[Callable[[InputT], ResultT]]


class ModelOptions(
    CallOptions[AnyClientT, ParamsT], Generic[AnyClientT, ParamsT, ModelT], total=False
):
    """The result is an instance of a response model."""

    stream: Literal[False]
    tools: None
    response_model: Required[type[ModelT]]
    output_parser: None


class ModelOrToolsOptions(
    CallOptions[AnyClientT, ParamsT], Generic[AnyClientT, ParamsT, ModelT], total=False
):
    """The result is an instance of a response model, or a response with tool calls."""

    stream: Literal[False]
    tools: Required[Tools]
    response_model: Required[type[ModelT]]
    output_parser: None


class ModelParserOptions(
    CallOptions[AnyClientT, ParamsT], Generic[AnyClientT, ParamsT, ModelT, ResultT], total=False
):
    """The result is the output of a parser of a response model's instances."""

    stream: Literal[False]
    tools: None
    response_model: Required[type[ModelT]]
    output_parser: Required[Callable[[ModelT], ResultT]]


class StreamOptions(CallOptions[AnyClientT, ParamsT], total=False):
    """The result is a stream."""

    stream: Required[Literal[True] | StreamConfig]
    tools: Tools | None
    response_model: None


class StructuredStreamOptions(
    CallOptions[AnyClientT, ParamsT], Generic[AnyClientT, ParamsT, ModelT], total=False
):
    """The result is a stream of partial instances of a response model."""

    stream: Required[Literal[True] | StreamConfig]
    tools: Tools | None
    response_model: Required[type[ModelT]]


class EitherOptions(CallOptions[AnyClientT, ParamsT], total=False):
    """The result is a response or a stream: type checkers do not know the value of ``stream``."""

    stream: Required[bool | StreamConfig]
    tools: Tools | None
    response_model: None


class PicklableOptions(dict[str, object]):
    """The options that are passed to a call; they can be pickled unless they include a client."""

    @override
    def __reduce__(self) -> tuple[object, ...]:
        if self.get("client") is not None:
            raise TypeError(
                "a function with `client=` cannot be pickled, because the connections of a client"
                " belong to one process: remove `client`, so that the other process makes its own"
                ' from its environment, or return {"client": ...} from the function'
            )
        return PicklableOptions, (dict(self),)


def check(options: Mapping[str, object]) -> None:
    """Check the names and the values of the options of a call.

    Raises:
        TypeError: There is no such option, or its value has another type.
        ValueError: The value is out of range, or none of the choices.
    """
    known = CallOptions.__annotations__
    for name in options.keys() - known:
        raise TypeError(f"there is no option {name!r}; there are: {', '.join(sorted(known))}")
    Timeout.of(cast("float | Timeout | None", options.get("timeout")))
    retries = options.get("max_retries")
    if retries is not None and (not isinstance(retries, int) or retries < 0):
        raise ValueError(f"`max_retries` is {retries!r}; it must be 0 or more, or None")
    if not isinstance(allowed := options.get("local_files"), bool | None):
        raise TypeError(f"`local_files` is {allowed!r}; it must be True, False or None")
    if not isinstance(cancel := options.get("cancel_on_close", False), bool):
        raise TypeError(f"`cancel_on_close` is {cancel!r}; it must be True or False")
    for name, kind in (("on_interrupt", OnInterrupt), ("keep", Keep)):
        choices = get_args(kind)
        if options.get(name, choices[0]) not in choices:
            allowed_choices = ", ".join(f'"{choice}"' for choice in choices)
            raise ValueError(f"`{name}` is {options[name]!r}; it must be one of {allowed_choices}")
