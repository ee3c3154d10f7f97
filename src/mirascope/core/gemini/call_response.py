"""The response of a Gemini model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from google.genai.types import (
    Content,
    FunctionCall,
    FunctionResponse,
    GenerateContentResponse,
    Part,
)
from google.genai.types import GenerateContentResponseUsageMetadata as Usage
from typing_extensions import override

from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._tools.tool import name_of
from mirascope.core._tools.tool_calls import ToolCallRecord, call_id, output_value
from mirascope.core._types import FinishReason, JsonableType
from mirascope.core._wire.events import JSON, Record, TokenCounts
from mirascope.core._wire.json_fields import text_or_none
from mirascope.core._wire.sdk_models import build_model
from mirascope.core.gemini import _response_json as response_json
from mirascope.core.gemini._normalize import MESSAGE_FORMAT
from mirascope.core.gemini.tool import GeminiTool


@dataclass(kw_only=True, repr=False, eq=False)
class GeminiCallResponse(BaseCallResponse[GenerateContentResponse, GeminiTool, Content]):
    """The response of a Gemini model; ``response`` is the SDK's ``GenerateContentResponse``.

    The text is that of the first candidate.
    """

    _common_reasons = response_json.COMMON_FINISH_REASONS
    message_format = MESSAGE_FORMAT
    _extra_dumped = ("thinking",)

    @classmethod
    @override
    def raw(cls, record: Record) -> GenerateContentResponse:
        return build_model(GenerateContentResponse, record)

    @property
    @override
    def _detached_response(self) -> GenerateContentResponse:
        return self.response.model_copy(update={"sdk_http_response": None})

    @property
    def _parts(self) -> list[dict[str, JSON]]:
        return response_json.parts(dict(record_of(self.message_param)))

    @property
    def _texts(self) -> tuple[str, str]:
        return response_json.texts(self._parts)

    @property
    @override
    def content(self) -> str:
        return self._texts[0]

    @property
    @override
    def _reasoning(self) -> str:
        return self._texts[1]

    @property
    def thinking(self) -> str | None:
        """The text of the model's thinking, ``None`` if there is none."""
        return self.reasoning or None

    @property
    @override
    def finish_reasons(self) -> list[str] | None:
        """Why the model stopped, or why the prompt was blocked; ``None`` if not known yet."""
        record = record_of(self.response)
        return response_json.finish_reasons(record, response_json.candidates(record))

    @property
    @override
    def common_finish_reasons(self) -> list[FinishReason] | None:
        """Why the generation ended, with ``"tool_calls"`` if it has tool calls."""
        reasons = super().common_finish_reasons
        return (
            response_json.or_tool_calls(reasons)
            if response_json.tool_calls(self._parts)
            else reasons
        )

    @property
    @override
    def model(self) -> str | None:
        return text_or_none(self.response.model_version)

    @property
    @override
    def id(self) -> str | None:
        return text_or_none(self.response.response_id)

    @property
    @override
    def usage(self) -> Usage | None:
        return self.response.usage_metadata

    @property
    @override
    def message_param(self) -> Content:
        """The response as a message that you can send in the next call."""
        first = next(iter(self.response.candidates or ()), None)
        return (first and first.content) or Content(role="model", parts=[])

    @property
    @override
    def _tool_call_records(self) -> Sequence[ToolCallRecord]:
        calls = [part.function_call for part in self.message_param.parts or ()]
        return [
            ToolCallRecord(call.id, call.name or "", json.dumps(call.args or {}), call)
            for call in calls
            if isinstance(call, FunctionCall)
        ]

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[GeminiTool, JsonableType]]
    ) -> list[Content]:
        """Return the message with the outputs of tools, as JSON."""
        parts = [
            Part(
                function_response=FunctionResponse(
                    id=call_id(tool),
                    name=name_of(type(tool)),
                    response={"output": output_value(output)},
                )
            )
            for tool, output in tools_and_outputs
        ]
        return [Content(role="user", parts=parts)]

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return response_json.token_counts(record_of(self.response).get("usageMetadata"))
