"""A plain response of the Responses API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, cast

from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._dialects.responses.chunk import (
    COMMON_FINISH_REASONS,
    FinishReason,
    calls_tools,
    common_reasons,
    finish_reason,
    token_counts,
)
from mirascope.core._dialects.responses.messages import MESSAGE_FORMAT
from mirascope.core._dialects.responses.output_items import CUSTOM_CALL, PLACES
from mirascope.core._dialects.responses.tools import custom_tools, tool_call_records, tool_messages
from mirascope.core._responses.call_arguments import MessageT
from mirascope.core._responses.call_response import BaseCallResponse, RawResponseT
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._tools.tool_calls import ToolCallRecord, ToolT
from mirascope.core._types import FinishReason as CommonReason
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import Record, TokenCounts
from mirascope.core._wire.json_fields import text

_REASONING: Final = ("response.reasoning_summary_text", "response.reasoning_text")


@dataclass(kw_only=True, repr=False, eq=False)
class ResponsesResponse(
    BaseCallResponse[RawResponseT, ToolT, MessageT], Generic[RawResponseT, ToolT, MessageT]
):
    """A plain response.

    The SDKs build responses unvalidated, so any field can be ``None`` or of another type.
    """

    _common_reasons = COMMON_FINISH_REASONS
    _call_id = "call_id"
    message_format = MESSAGE_FORMAT

    @property
    @override
    def content(self) -> str:
        return "".join(self._texts("response.output_text"))

    @property
    @override
    def _reasoning(self) -> str:
        return "".join(self._texts(*_REASONING))

    @property
    @override
    def refusal(self) -> str:
        return "".join(self._texts("response.refusal"))

    @property
    @override
    def finish_reasons(self) -> list[FinishReason] | None:
        reason = finish_reason(self._envelope)
        return None if reason is None else [reason]

    @property
    @override
    def common_finish_reasons(self) -> list[CommonReason] | None:
        output = [{"type": item.type} for item in self._output]
        return common_reasons(super().common_finish_reasons, calls_tools=calls_tools(output))

    @property
    @override
    def message_param(self) -> MessageT:
        """The response as a message that can be sent back in the next call, item for item.

        Reasoning at the end is left out, because the API rejects it; so an empty response has no
        items, and a call leaves the message out.
        """
        output = [_without_nulls(record_of(item)) for item in self._output]
        while output and output[-1].get("type") == "reasoning":
            output.pop()
        return cast("MessageT", {"role": "assistant", "output": output})

    @property
    @override
    def _tool_call_records(self) -> Sequence[ToolCallRecord]:
        """The calls of the user's tools; custom tools that they do not have, the server runs."""
        names = custom_tools(self.tool_types or ())
        return tool_call_records(
            item for item in self._output if item.type != CUSTOM_CALL or item.name in names
        )

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[ToolT, JsonableType]]
    ) -> list[Any]:
        """Return the items with the outputs of tools."""
        return tool_messages(tools_and_outputs)

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return token_counts(record_of(self.usage)) if self.usage else None

    @property
    def _output(self) -> Sequence[Any]:
        return _objects(self._raw.output)

    @property
    def _envelope(self) -> Record:
        details = self._raw.incomplete_details
        return {"status": self._raw.status, "incomplete_details": dict(record_of(details))}

    def _texts(self, *places: str) -> Iterator[str]:
        """Yield the texts of the parts at some places, item by item."""
        for item in self._output:
            for item_type, field, parts, part_type in map(PLACES.__getitem__, places):
                if item.type == item_type:
                    for part in _objects(getattr(item, parts, None)):
                        if part.type == part_type:
                            yield text(getattr(part, field, None))


def _objects(values: object) -> list[Any]:
    """Return the SDK's objects in a list, none for any other value."""
    if not isinstance(values, list):
        return []
    return [one for one in cast("list[object]", values) if isinstance(one, BaseModel)]


def _without_nulls(item: Record) -> Record:
    return {name: value for name, value in item.items() if value is not None}
