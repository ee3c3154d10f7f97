"""The response of an Anthropic model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from anthropic.types import (
    AssistantMessageParam,
    Message,
    MessageParam,
    StopReason,
    ToolResultBlockParam,
    Usage,
)
from typing_extensions import override

from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._tools.tool_calls import ToolCallRecord, call_id, output_text
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import JSON, TokenCounts
from mirascope.core._wire.json_fields import text, text_or_none
from mirascope.core.anthropic._normalize import MESSAGE_FORMAT
from mirascope.core.anthropic.call_response_chunk import COMMON_FINISH_REASONS, token_counts
from mirascope.core.anthropic.tool import AnthropicTool

_THINKING: Final = ("thinking", "redacted_thinking")


@dataclass(kw_only=True, repr=False, eq=False)
class AnthropicCallResponse(BaseCallResponse[Message, AnthropicTool, MessageParam]):
    """The response of an Anthropic model; ``response`` is the SDK's ``Message``.

    The SDK builds messages unvalidated, so any field of a partial one can be ``None``.
    """

    _common_reasons = COMMON_FINISH_REASONS
    _raw_type = Message
    _extra_dumped = ("thinking", "signature")
    message_format = MESSAGE_FORMAT

    @property
    @override
    def content(self) -> str:
        return "".join(self._block_texts("text", "text"))

    @property
    @override
    def _reasoning(self) -> str:
        return "".join(self._block_texts("thinking", "thinking"))

    @property
    def thinking(self) -> str | None:
        """The text of the model's thinking, ``None`` if there is none."""
        return self.reasoning or None

    @property
    def signature(self) -> str | None:
        """The signature of the last block of thinking, ``None`` if there is none."""
        return next((s for s in reversed([*self._block_texts("thinking", "signature")]) if s), None)

    @property
    @override
    def finish_reasons(self) -> list[StopReason] | None:
        reason = text_or_none(self.response.stop_reason)
        return [cast("StopReason", reason)] if reason else None

    @property
    @override
    def usage(self) -> Usage | None:
        return cast("Usage | None", self.response.usage)

    @property
    @override
    def message_param(self) -> AssistantMessageParam:
        """The response as a message that you can send in the next call, with the same blocks.

        The API rejects empty texts and thinking at the end, so these are left out. The content of
        an empty response is empty; a call does not send such a message.
        """
        blocks = [record_of(block) for block in self.response.content or ()]
        accepted = [b for b in blocks if b.get("type") != "text" or text(b.get("text")).strip()]
        while accepted and accepted[-1].get("type") in _THINKING:
            accepted.pop()
        return cast("AssistantMessageParam", {"role": "assistant", "content": accepted})

    @property
    @override
    def _tool_call_records(self) -> Sequence[ToolCallRecord]:
        return [
            ToolCallRecord(block.id, block.name, json.dumps(block.input or {}), block)
            for block in self.response.content or ()
            if block.type == "tool_use"
        ]

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[AnthropicTool, JsonableType]]
    ) -> list[MessageParam]:
        """Return the one message with the outputs of tools."""
        results: list[ToolResultBlockParam] = [
            {
                "type": "tool_result",
                "tool_use_id": call_id(tool) or "",
                "content": [{"type": "text", "text": output_text(output)}],
            }
            for tool, output in tools_and_outputs
        ]
        return [{"role": "user", "content": results}]

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return token_counts(record_of(self.usage)) if self.usage else None

    def _block_texts(self, kind: str, field: str) -> Iterator[str]:
        for block in self.response.content or ():
            if block.type == kind:
                yield text(cast("JSON", getattr(block, field, None)))
