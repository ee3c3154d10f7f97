"""Where Mistral's streams differ from Chat Completions.

The content of a message is a text, or a list of parts: texts, thinking (which is a list of parts
itself), references, audio. A tool call is complete in one event; its arguments are a text or an
object, an id of ``"null"`` is none, and all calls may have the same index. The usage is beside the
finish reason. A generation that fails ends with the finish reason ``error``. Other fields of a
message are dropped by the SDK, of plain responses too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistralai.client.models import CompletionEvent
from typing_extensions import override

from mirascope.core._dialects.chat_completions.choice import Choice
from mirascope.core._dialects.chat_completions.decoder import ChatCompletionsDecoder, ChunkT
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._wire.accumulator import Keep
from mirascope.core._wire.events import JSON, Delta, Record, ToolCall
from mirascope.core._wire.json_fields import id_or_none

if TYPE_CHECKING:
    from pydantic import BaseModel


class MistralChoice(Choice):
    """The received part of one choice."""

    __slots__ = ("_has_logprobs",)

    def __init__(self, keep: Keep) -> None:
        super().__init__(keep)
        self._has_logprobs = False

    @override
    def add(self, choice: Record, delta: Delta[Any]) -> None:
        super().add(choice, delta)
        if "logprobs" in choice:
            self._has_logprobs = True

    @override
    def response(self, index: int) -> dict[str, JSON]:
        response = super().response(index)
        if not self._has_logprobs:
            del response["logprobs"]
        return response

    @override
    def message(self) -> dict[str, JSON]:
        message = super().message()
        return {"tool_calls": None, **message, "content": message["content"] or ""}

    @override
    def tool_call(self, call: ToolCall) -> dict[str, JSON]:
        record = {**super().tool_call(call), "index": call.key}
        return {name: value for name, value in record.items() if value is not None}


class MistralDecoder(ChatCompletionsDecoder[ChunkT]):
    """Reads one stream of Mistral."""

    choice_type = MistralChoice
    usage_follows = False

    @override
    def decode(self, record: Record, raw: BaseModel | bytes, out: list[ChunkT]) -> None:
        if not isinstance(raw, bytes) and isinstance(raw, CompletionEvent):
            # an item of the SDK's own stream
            record, raw = record_of(raw.data), raw.data
        super().decode(record, raw, out)


def numbered(calls: list[Record]) -> list[JSON]:
    """Return the tool calls of one event with numbers, if no ids distinguish them."""
    if len(calls) < 2 or all(id_or_none(call.get("id")) for call in calls):  # noqa: PLR2004
        return [dict(call) for call in calls]
    return [{**call, "index": number} for number, call in enumerate(calls)]
