"""The response of a Cohere model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from cohere import AssistantChatMessageV2, ChatMessageV2, ToolChatMessageV2, Usage, V2ChatResponse
from pydantic import ValidationError
from typing_extensions import override

from mirascope.core._dialects.chat_completions.tools import tool_call_records
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._tools.tool_calls import ToolCallRecord, call_id, output_text
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import JSON, Record, TokenCounts
from mirascope.core._wire.json_fields import fields, text_or_none
from mirascope.core._wire.sdk_models import to_builtins
from mirascope.core.cohere._encoder import MESSAGE_FORMAT
from mirascope.core.cohere.call_response_chunk import (
    COMMON_FINISH_REASONS,
    FinishReason,
    billed_counts,
    objects,
    token_counts,
)
from mirascope.core.cohere.tool import CohereTool

_ACCEPTED = ("content", "tool_plan", "tool_calls", "citations")


@dataclass(kw_only=True, repr=False, eq=False)
class CohereCallResponse(BaseCallResponse[V2ChatResponse, CohereTool, ChatMessageV2]):
    """The response of a Cohere model; ``response`` is the SDK's ``V2ChatResponse``.

    The SDK builds responses unvalidated: any field can be ``None`` or of a wrong type.
    """

    _common_reasons = COMMON_FINISH_REASONS
    message_format = MESSAGE_FORMAT

    @classmethod
    @override
    def raw(cls, record: Record) -> V2ChatResponse:
        return V2ChatResponse.model_construct(None, **record)

    @property
    def _message(self) -> Mapping[str, JSON]:
        message = fields_of(self.response).get("message")
        return message if isinstance(message, Mapping) else {}

    def _block_texts(self, kind: str) -> str:
        """Return the texts of all content blocks of a kind."""
        blocks = objects(self._message.get("content"))
        return "".join(text_or_none(block.get(kind)) or "" for block in blocks)

    @property
    @override
    def content(self) -> str:
        return self._block_texts("text")

    @property
    @override
    def _reasoning(self) -> str:
        """The thinking and the plan of a tool use, ``""`` if there is none."""
        return self._block_texts("thinking") + (text_or_none(self._message.get("tool_plan")) or "")

    @property
    @override
    def finish_reasons(self) -> list[FinishReason] | None:
        reason = text_or_none(cast("JSON", self.response.finish_reason))
        return [cast("FinishReason", reason)] if reason else None

    @property
    @override
    def model(self) -> str | None:
        """The name of the requested model: Cohere does not report one."""
        return text_or_none(cast("JSON", self.call_kwargs.get("model")))

    @property
    @override
    def id(self) -> str | None:
        return text_or_none(self.response.id)

    @property
    @override
    def usage(self) -> Usage | None:
        return self.response.usage

    @property
    @override
    def message_param(self) -> AssistantChatMessageV2:
        """The response as a message that you can send in the next call."""
        message = self._message
        param: dict[str, object] = {k: v for k in _ACCEPTED if (v := message.get(k))}
        if calls := objects(message.get("tool_calls")):
            param["tool_calls"] = [_tool_call_param(call) for call in calls]
        param = param or {"content": ""}
        try:
            return AssistantChatMessageV2.model_validate(param)
        except ValidationError:
            return AssistantChatMessageV2.model_construct(None, **param)

    @property
    @override
    def _tool_call_records(self) -> Sequence[ToolCallRecord]:
        message = self.response.message
        return tool_call_records(cast("list[Any] | None", getattr(message, "tool_calls", None)))

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[CohereTool, JsonableType]]
    ) -> list[ToolChatMessageV2]:
        return [
            ToolChatMessageV2(tool_call_id=call_id(tool) or "", content=output_text(output))
            for tool, output in tools_and_outputs
        ]

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return token_counts(fields_of(self.usage)) if self.usage else None

    @property
    @override
    def _billed(self) -> TokenCounts | None:
        return billed_counts(fields_of(self.usage)) if self.usage else None


def fields_of(raw: object) -> Record:
    """Return the fields of an SDK's object, without the warnings of its own serializer."""
    return fields(to_builtins(raw, exclude_none=True))


def _tool_call_param(call: Record) -> Record:
    """Return a received tool call for a request: its arguments are JSON, also if there are none."""
    function = call.get("function")
    if not isinstance(function, dict) or function.get("arguments"):
        return call
    return {**call, "function": {**function, "arguments": "{}"}}
