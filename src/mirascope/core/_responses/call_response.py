"""The response to a call, with the same attributes for every provider."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, cast

from pydantic import BaseModel
from typing_extensions import TypeVar

from mirascope.core._errors.redaction import redact_settings
from mirascope.core._prompts.message_param import BaseMessageParam
from mirascope.core._responses.call_arguments import CallArguments, MessageT
from mirascope.core._responses.call_response_chunk import SDKObject
from mirascope.core._responses.cost import cost_of
from mirascope.core._responses.response_metadata import ResponseMetadata
from mirascope.core._responses.serialization import CONFIGURATION, DUMPED, Serializable
from mirascope.core._tools.tool import Recipe, recipe_of, tool_type_of
from mirascope.core._tools.tool_calls import (
    ToolCallRecord,
    ToolT,
    build_tool,
    by_name,
    find_call,
    is_declared,
)
from mirascope.core._types import FinishReason, JsonableType
from mirascope.core._wire.events import Record, TokenCounts, made_id
from mirascope.core._wire.json_fields import id_or_none, text_or_none
from mirascope.core._wire.json_response import without_reasoning
from mirascope.errors import ToolCallError

RawResponseT = TypeVar("RawResponseT", bound=SDKObject, default=BaseModel, covariant=True)  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'


@dataclass(kw_only=True, repr=False, eq=False)
class BaseCallResponse(
    ResponseMetadata, Serializable, CallArguments[MessageT], Generic[RawResponseT, ToolT, MessageT]
):
    """The response to a call; ``str(response)`` is its text.

    Attributes:
        response: The SDK's typed object.
        start_time (float): When the call started, in milliseconds since the epoch.
        end_time (float): When the response ended, in milliseconds since the epoch.
        partial (bool): Whether the response is incomplete: it has what was received.
        streamed_tool_calls (Sequence | None): The tool calls of a streamed response, complete or
            not; ``None`` if it was not streamed.
    """

    response: RawResponseT
    start_time: float = 0
    end_time: float = 0
    partial: bool = False
    streamed_tool_calls: Sequence[ToolCallRecord] | None = None

    _raw_type: ClassVar[type[BaseModel]]
    _call_id: ClassVar[str] = "id"  # the field of an SDK's tool call that results refer to
    _v1_positions = (0, 1, 4)
    _dumped = (
        *(each.name for each in fields(CallArguments)),
        *("response", "start_time", "end_time", "partial", "message_param", "cost"),
        *DUMPED,
    )
    _dumped_in_place = {"response": "_detached_response"}  # noqa: RUF012  # declared as a class variable in the base

    def __post_init__(self) -> None:
        """Set a generated id on the SDK's object of each tool call without one."""
        super().__post_init__()
        for call in self._tool_call_records:
            if id_or_none(call.id) is None:
                setattr(call.sdk_object, self._call_id, made_id())

    @classmethod
    def raw(cls, record: Record) -> RawResponseT:
        """Return the SDK's object for a response in the provider's JSON, without validation.

        Any field of an incomplete response can be ``None``.
        """
        return cast("RawResponseT", cls._raw_type.model_construct(None, **record))

    @property
    def _raw(self) -> Any:
        return self.response

    @property
    def _detached_response(self) -> RawResponseT:
        """The SDK's object without the HTTP response that an SDK may attach."""
        return self.response

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for pickles and copies, without clients, API keys and headers."""
        settings = {n: v for n, v in vars(self).items() if n in CONFIGURATION and v is not None}
        kept = {
            "response": self._detached_response,
            "tool_types": [recipe_of(tool) for tool in self.tool_types or ()] or None,
        }
        return vars(self) | kept | redact_settings(settings)

    def __setstate__(self, state: dict[str, Any]) -> None:
        recipes = cast("list[Recipe] | None", state["tool_types"])
        tool_types = [tool_type_of(recipe) for recipe in recipes] if recipes else None
        vars(self).update(state, tool_types=tool_types)

    @property
    @abstractmethod
    def content(self) -> str:
        """The text; ``""`` if there is none."""

    @property
    @abstractmethod
    def _reasoning(self) -> str:
        """The reasoning, where the provider separates it from the text."""

    @property
    def reasoning(self) -> str:
        """The text of the model's reasoning; ``""`` if there is none.

        With a response model that is read from the text, ``<think>`` tags in the text count as
        reasoning too.
        """
        return self._reasoning or (self.structured and without_reasoning(self.content)[0]) or ""

    @property
    def refusal(self) -> str:
        """The text of a refusal, if the provider reports it separately; else ``""``."""
        return ""

    @property
    @abstractmethod
    def finish_reasons(self) -> Sequence[str] | None:
        """Why the model stopped, as the provider reports it."""

    @property
    def model(self) -> str | None:
        """The name of the model, as the provider reports it."""
        return text_or_none(self._raw.model)

    @property
    def id(self) -> str | None:
        """The provider's id for the response."""
        return text_or_none(self._raw.id)

    @property
    @abstractmethod
    def usage(self) -> SDKObject | None:
        """The token usage as the provider's own object; ``None`` if it is not reported."""

    @property
    @abstractmethod
    def message_param(self) -> MessageT:
        """The response as a message that you can send in the next call."""

    @property
    def common_message_param(self) -> BaseMessageParam:
        """The response as a message for the next call, to this provider or to any other.

        If you send it to this provider, it has everything that `message_param` has.
        """
        return self._common_message(self.message_param)

    @property
    def _billed(self) -> TokenCounts | None:
        """The billed tokens."""
        return self._tokens

    @property
    @abstractmethod
    def _tool_call_records(self) -> Sequence[ToolCallRecord]: ...

    @property
    def _received_calls(self) -> Sequence[ToolCallRecord]:
        streamed = self.streamed_tool_calls
        return self._tool_call_records if streamed is None else streamed

    @property
    def tools(self) -> list[ToolT] | None:
        """The tools that the model calls; ``None`` if it calls none, or the call has no tools.

        Calls of tools that you passed in the provider's own form (in ``call_params``) are not
        included.

        Raises:
            ToolCallError: A tool call is invalid; ``others`` has the errors of the other invalid
                calls.
            ModelRefused: The model refuses to answer.
        """
        self.raise_for_refusal()
        if not self.tool_types or not self._received_calls:
            return None
        types = by_name(cast("list[type[ToolT]]", self.tool_types))
        tools: list[ToolT] = []
        failures: list[ToolCallError] = []
        for call in self._received_calls:
            if call.name not in types and is_declared(self.call_kwargs, call.name):
                continue
            try:
                tools.append(build_tool(types, call))
            except ToolCallError as failure:
                failures.append(failure)
        if failures:
            raise self._errors.tool_call(failures, self)
        return tools or None

    @property
    def tool(self) -> ToolT | None:
        """The first tool that the model calls, or ``None``; see `tools`."""
        return next(iter(self.tools or ()), None)

    @property
    def common_tools(self) -> list[ToolT] | None:
        """The same as `tools`: tools have the same form for all providers."""
        return self.tools

    def raise_for_refusal(self) -> None:
        """Raise an error if the API reports that the model refuses to answer.

        Raises:
            ModelRefused: The model refuses. The message is the text of the refusal.
        """
        if self.refusal:
            raise self._errors.refused(self.refusal, self)

    def arguments_of(self, tool: str) -> str | None:
        """Return the JSON text of the arguments of a tool's call.

        Args:
            tool: The name of the tool. If the response has no call of it, the first call is used.

        Returns:
            The text; ``None`` if there is no call.
        """
        call = find_call(self._received_calls, tool)
        return None if call is None else call.arguments

    @classmethod
    @abstractmethod
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[ToolT, JsonableType]]
    ) -> Sequence[MessageT]:
        """Return messages with the outputs of tools, to send in the next call.

        Args:
            tools_and_outputs: Pairs of a tool and its output. Text is sent unchanged, other values
                are sent as JSON.
        """

    @property
    def common_finish_reasons(self) -> list[FinishReason] | None:
        """``"stop"``, ``"length"``, ``"tool_calls"`` or ``"content_filter"``, for every provider.

        ``None`` for any other reason.
        """
        return self._normalized_reasons(self.finish_reasons)

    @property
    def cost(self) -> float | None:
        """The cost in US dollars, by the list prices of the extra ``cost``.

        ``None`` if it is unknown: the extra is not installed, the model is not on the list, or the
        provider did not report the usage.
        """
        requested = self.call_kwargs.get("model")
        model = self.model or (requested if isinstance(requested, str) else None)
        return cost_of(self.provider, model, self._billed, self.start_time)

    def __str__(self) -> str:
        return self.content

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(model={self.model!r}, finish_reasons={self.finish_reasons!r}, "
            f"partial={self.partial!r})"
        )


def response_of(answer: object) -> BaseCallResponse | None:
    """Return the response from which a response model was read.

    Args:
        answer: An instance of a response model; or the error of a failed one: a
            ``pydantic.ValidationError`` or a `ModelRefused`.

    Returns:
        The response, with its text, usage and cost; ``None`` if the object is not from a call.
    """
    response = getattr(answer, "_response", None)
    return cast("BaseCallResponse", response) if isinstance(response, BaseCallResponse) else None
