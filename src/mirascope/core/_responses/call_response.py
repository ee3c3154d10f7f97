"""The whole answer to a call, and the common names for what is in it."""

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
from mirascope.core._responses.cost import cost_of
from mirascope.core._responses.response_metadata import (
    CONFIGURATION,
    DUMPED,
    ResponseMetadata,
    Serializable,
)
from mirascope.core._tools.tool import Recipe, made_by, recipe_of
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

RawResponseT = TypeVar("RawResponseT", bound=BaseModel, default=BaseModel, covariant=True)  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'


@dataclass(kw_only=True, repr=False, eq=False)
class BaseCallResponse(
    ResponseMetadata, Serializable, CallArguments[MessageT], Generic[RawResponseT, ToolT, MessageT]
):
    """The whole answer to a call, the same for every provider; ``str(response)`` is its text.

    Attributes:
        response: The SDK's own typed object.
        start_time: When the call began, in milliseconds since the epoch.
        end_time: When the answer was whole, in the same unit.
        partial: Whether this is only what had come of an answer that did not end.
        called: The tool calls, if a stream tells them: as they came, cut off or not.
    """

    response: RawResponseT
    start_time: float = 0
    end_time: float = 0
    partial: bool = False
    called: Sequence[ToolCallRecord] | None = None

    _raw_type: ClassVar[type[BaseModel]]
    _of_v1 = (0, 1, 4)
    _dumped = (
        *(each.name for each in fields(CallArguments)),
        *("response", "start_time", "end_time", "partial", "message_param", "cost"),
        *DUMPED,
    )
    _stand_ins = {"response": "_to_keep"}  # noqa: RUF012  # its base says that it is a class variable

    def __post_init__(self) -> None:
        """Give each call that came without an id one, in the SDK's object, where all read it."""
        super().__post_init__()
        for call in self._tool_call_records:
            if id_or_none(call.id) is None:
                cast("Any", call.made).id = made_id()

    @classmethod
    def raw(cls, record: Record) -> RawResponseT:
        """Return the SDK's own object for a response in the provider's JSON, as SDKs build it.

        It is not validated, so of an unfinished answer any field can be ``None``.
        """
        return cast("RawResponseT", cls._raw_type.model_construct(None, **record))

    @property
    def _raw(self) -> Any:
        return self.response

    @property
    def _to_keep(self) -> RawResponseT:
        """The SDK's object without what the SDK adds of the HTTP response."""
        return self.response

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled and copied: all but the clients, keys and headers of the call."""
        settings = {n: v for n, v in vars(self).items() if n in CONFIGURATION and v is not None}
        kept = {
            "response": self._to_keep,
            "tool_types": [recipe_of(tool) for tool in self.tool_types or ()] or None,
        }
        return vars(self) | kept | redact_settings(settings)

    def __setstate__(self, state: dict[str, Any]) -> None:
        recipes = cast("list[Recipe] | None", state["tool_types"])
        tool_types = [made_by(recipe) for recipe in recipes] if recipes else None
        vars(self).update(state, tool_types=tool_types)

    @property
    @abstractmethod
    def content(self) -> str:
        """The text, ``""`` if there is none."""

    @property
    @abstractmethod
    def _reasoning(self) -> str:
        """The reasoning that the provider separates from the text."""

    @property
    def reasoning(self) -> str:
        """The text of the model's reasoning, ``""`` if there is none.

        If a response model is read from the text, it is also what stands in ``<think>`` tags there.
        """
        return self._reasoning or (self.structured and without_reasoning(self.content)[0]) or ""

    @property
    def refusal(self) -> str:
        """The text with which the model refuses to answer, where the provider separates that."""
        return ""

    @property
    @abstractmethod
    def finish_reasons(self) -> Sequence[str] | None:
        """Why the generation ended, in the provider's words."""

    @property
    def model(self) -> str | None:
        """The name of the model that answered."""
        return text_or_none(self._raw.model)

    @property
    def id(self) -> str | None:
        """The provider's id for the response."""
        return text_or_none(self._raw.id)

    @property
    @abstractmethod
    def usage(self) -> BaseModel | None:
        """The usage in the provider's own form."""

    @property
    @abstractmethod
    def message_param(self) -> MessageT:
        """The answer as a message that can be sent back in the next call."""

    @property
    def common_message_param(self) -> BaseMessageParam:
        """The response as a message that can be sent back, to this provider or any other.

        To this one, it holds all that `message_param` does.
        """
        return self._common_message(self.message_param)

    @property
    def _billed(self) -> TokenCounts | None:
        """The tokens that the provider bills."""
        return self._tokens

    @property
    @abstractmethod
    def _tool_call_records(self) -> Sequence[ToolCallRecord]: ...

    @property
    def _called(self) -> Sequence[ToolCallRecord]:
        return self._tool_call_records if self.called is None else self.called

    @property
    def tools(self) -> list[ToolT] | None:
        """The tools that the model calls; ``None`` if it calls none, or was told of none.

        Calls of tools in the provider's own form (of ``call_params``) are not among them.

        Raises:
            ToolCallError: A call is unusable; its ``others`` are further ones.
            ModelRefused: The model refuses to answer.
        """
        self.raise_for_refusal()
        if not self.tool_types or not self._called:
            return None
        types = by_name(cast("list[type[ToolT]]", self.tool_types))
        tools: list[ToolT] = []
        failures: list[ToolCallError] = []
        for call in self._called:
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
        """The first tool that the model calls; see `tools`."""
        return next(iter(self.tools or ()), None)

    @property
    def common_tools(self) -> list[ToolT] | None:
        """The same as `tools`, whose form is the same for every provider."""
        return self.tools

    def raise_for_refusal(self) -> None:
        """Raise an error if the model refuses to answer, and the API reports that as such.

        Raises:
            ModelRefused: It does; the error's text is what the model gave instead.
        """
        if self.refusal:
            raise self._errors.refused(self.refusal, self)

    def arguments_of(self, tool: str) -> str | None:
        """Return the JSON text that a tool is called with, or else that of the first call.

        ``None`` if there is no call.

        Args:
            tool: The name of the tool.
        """
        call = find_call(self._called, tool)
        return None if call is None else call.arguments

    @classmethod
    @abstractmethod
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[ToolT, JsonableType]]
    ) -> list[Any]:
        """Return the messages that tell the model what its tool calls gave.

        Args:
            tools_and_outputs: Each tool and what it gave. Text is sent as it is, anything else as
                JSON.
        """

    @property
    def common_finish_reasons(self) -> list[FinishReason] | None:
        """Why the generation ended, in words that are the same for every provider.

        ``None`` too if the reason is none of the four.
        """
        return self._in_common(self.finish_reasons)

    @property
    def cost(self) -> float | None:
        """The cost in US dollars, by the list prices that the extra ``cost`` brings.

        ``None`` if it cannot be known: the extra is not installed, the model is not on the list,
        or the usage was not told.
        """
        asked = self.call_kwargs.get("model")
        model = self.model or (asked if isinstance(asked, str) else None)
        return cost_of(self.provider, model, self._billed, self.start_time)

    def __str__(self) -> str:
        return self.content

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(model={self.model!r}, finish_reasons={self.finish_reasons!r}, "
            f"partial={self.partial!r})"
        )


def response_of(answer: object) -> BaseCallResponse | None:
    """Return the response that an answer was read from, or in which an answer could not be read.

    Args:
        answer: An instance of a response model, the ``pydantic.ValidationError`` of one that does
            not fit, or the `ModelRefused` of one that the model refuses to give.

    Returns:
        The response, with its text, usage and cost; ``None`` if the object is not from a call.
    """
    response = getattr(answer, "_response", None)
    return cast("BaseCallResponse", response) if isinstance(response, BaseCallResponse) else None
