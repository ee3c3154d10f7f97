"""A plain response of a model of Amazon Bedrock."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from typing_extensions import override

from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._tools.tool_calls import ToolCallRecord, call_id, output_text
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import JSON, Record, TokenCounts, made_id
from mirascope.core._wire.json_fields import fields, objects, text, text_or_none
from mirascope.core.bedrock._blobs import with_bytes
from mirascope.core.bedrock._encoder import tool_result
from mirascope.core.bedrock._normalize import MESSAGE_FORMAT
from mirascope.core.bedrock._sdk import ConverseResponse, Message, StopReason, TokenUsage
from mirascope.core.bedrock.call_response_chunk import (
    COMMON_FINISH_REASONS,
    SERVER_TOOL,
    text_of,
    token_counts,
)
from mirascope.core.bedrock.tool import BedrockTool


@dataclass(kw_only=True, repr=False, eq=False)
class BedrockCallResponse(BaseCallResponse[ConverseResponse, BedrockTool, Message]):
    """The response of a model on Bedrock; ``response`` is the dict that ``converse`` returns."""

    _common_reasons = COMMON_FINISH_REASONS
    _extra_dumped = ("thinking", "signature")
    message_format = MESSAGE_FORMAT

    @override
    def __post_init__(self) -> None:
        """Set a generated id on each tool call without one."""
        for block in self.response.get("output", {}).get("message", {}).get("content", ()):
            if (call := block.get("toolUse")) and not call.get("toolUseId"):
                call["toolUseId"] = made_id()
        super().__post_init__()

    @classmethod
    @override
    def raw(cls, record: Record) -> ConverseResponse:
        return cast("ConverseResponse", with_bytes(record))

    @property
    @override
    def _detached_response(self) -> ConverseResponse:
        response = dict[str, Any](self.response)
        if response.pop("ResponseMetadata", None) and self.id:
            response["ResponseMetadata"] = {"RequestId": self.id}
        return cast("ConverseResponse", response)

    @property
    def _blocks(self) -> list[Record]:
        message = fields(fields(record_of(self.response).get("output")).get("message"))
        return objects(message.get("content"))

    @property
    @override
    def content(self) -> str:
        return "".join(map(text_of, self._blocks))

    def _reasoning_texts(self, field: str) -> Iterator[str]:
        for block in self._blocks:
            reasoning = fields(block.get("reasoningContent"))
            yield text(fields(reasoning.get("reasoningText")).get(field))

    @property
    @override
    def _reasoning(self) -> str:
        return "".join(self._reasoning_texts("text"))

    @property
    def thinking(self) -> str | None:
        """The text of the model's reasoning, ``None`` if there is none."""
        return self.reasoning or None

    @property
    def signature(self) -> str | None:
        """The signature of the last block of reasoning, ``None`` if there is none."""
        return next((s for s in reversed([*self._reasoning_texts("signature")]) if s), None)

    @property
    @override
    def finish_reasons(self) -> list[StopReason] | None:
        reason = text_or_none(cast("JSON", self.response.get("stopReason")))
        return [cast("StopReason", reason)] if reason else None

    @property
    @override
    def model(self) -> str | None:
        """The name of the requested model: Bedrock does not report one."""
        return text_or_none(cast("JSON", self.call_kwargs.get("model")))

    @property
    @override
    def id(self) -> str | None:
        """The id of the request."""
        metadata = fields(record_of(self.response).get("ResponseMetadata"))
        return text_or_none(metadata.get("RequestId"))

    @property
    @override
    def usage(self) -> TokenUsage | None:
        return self.response.get("usage")

    @property
    @override
    def message_param(self) -> Message:
        """The response as a message that you can send in the next call, with the same blocks.

        The API rejects empty texts, so these are left out. The content of an empty response is
        empty; a call does not send such a message.
        """
        blocks = [b for b in self._blocks if "text" not in b or text(b["text"]).strip()]
        return cast("Message", {"role": "assistant", "content": blocks})

    @property
    @override
    def _tool_call_records(self) -> Sequence[ToolCallRecord]:
        calls = [fields(block.get("toolUse")) for block in self._blocks]
        return [
            ToolCallRecord(
                text(call.get("toolUseId")),
                text(call.get("name")),
                json.dumps(call.get("input") or {}),
                {"toolUse": call},
            )
            for call in calls
            if call and call.get("type") != SERVER_TOOL
        ]

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[BedrockTool, JsonableType]]
    ) -> list[Message]:
        """Return the one message with the outputs of tools."""
        content = [
            tool_result(call_id(tool) or "", output_text(output))
            for tool, output in tools_and_outputs
        ]
        return [cast("Message", {"role": "user", "content": content})]

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return token_counts(cast("Record", self.usage or {}))
