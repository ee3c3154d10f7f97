"""One chunk of a stream of a Mistral model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from mistralai.client.models import CompletionChunk, UsageInfo
from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._dialects.chat_completions.chunk import ChatCompletionsChunk
from mirascope.core._types import FinishReason as CommonFinishReason
from mirascope.core._wire.events import JSON, ToolCallDelta
from mirascope.core._wire.json_fields import objects
from mirascope.core._wire.sdk_models import build_model, build_model_from_json
from mirascope.core.mistral._decoder import numbered

FinishReason: TypeAlias = Literal["stop", "length", "model_length", "error", "tool_calls"]

COMMON_FINISH_REASONS: Mapping[str, CommonFinishReason] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
}


class MistralCallResponseChunk(ChatCompletionsChunk[CompletionChunk, FinishReason]):
    """The content of one event of a Mistral stream; ``chunk`` is the ``CompletionChunk``.

    Example:
        >>> raw = CompletionChunk.model_validate({
        ...     "id": "1", "model": "mistral-small-latest",
        ...     "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}],
        ... })
        >>> MistralCallResponseChunk(chunk=raw).content
        'Hi'
    """

    __slots__ = ()

    _common_reasons = COMMON_FINISH_REASONS
    _raw_type: ClassVar[type[BaseModel]] = CompletionChunk

    @property
    def usage(self) -> UsageInfo | None:
        """The usage as Mistral reports it, if the event has it."""
        return None if self._usage is None else build_model(UsageInfo, self._usage)

    @override
    def _read_tool_calls(self, calls: JSON) -> tuple[ToolCallDelta, ...]:
        return super()._read_tool_calls(numbered(objects(calls)))

    @classmethod
    @override
    def _build(cls, data: bytes) -> CompletionChunk:
        return build_model_from_json(CompletionChunk, data)
