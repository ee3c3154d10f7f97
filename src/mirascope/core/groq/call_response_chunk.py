"""One chunk of a stream of a Groq model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, TypeAlias

from groq.types import CompletionUsage
from groq.types.chat import ChatCompletionChunk
from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._dialects.chat_completions.chunk import ChatCompletionsChunk
from mirascope.core._responses.chunk_parts import ChunkPart, HostedToolEvent
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_fields import number, objects, text, text_or_none

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


class GroqCallResponseChunk(ChatCompletionsChunk[ChatCompletionChunk, FinishReason]):
    """The content of one event of a Groq stream; ``chunk`` is the ``ChatCompletionChunk``.

    Example:
        >>> raw = ChatCompletionChunk.model_validate({
        ...     "id": "1", "object": "chat.completion.chunk", "created": 0, "model": "qwen3-32b",
        ...     "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}],
        ... })
        >>> GroqCallResponseChunk(chunk=raw).content
        'Hi'
    """

    __slots__ = ()

    _raw_type: ClassVar[type[BaseModel]] = ChatCompletionChunk

    @override
    def _read(self, record: Record) -> None:
        super()._read(as_chat_completions(record) if "x_groq" in record else record)

    @override
    def _parts_of(self, delta: Record) -> Iterator[ChunkPart]:
        yield from super()._parts_of(delta)
        for tool in objects(delta.get("executed_tools")):
            kind, name = text(tool.get("type")), text_or_none(tool.get("name"))
            yield HostedToolEvent(kind, name or kind, None, number(tool.get("index")), tool)

    @property
    def usage(self) -> CompletionUsage | None:
        """The usage as Groq reports it, in either place, if the event has it."""
        return None if self._usage is None else CompletionUsage.model_construct(None, **self._usage)


def as_chat_completions(record: Record) -> Record:
    """Return a record with the usage where Chat Completions has it."""
    extra = record.get("x_groq")
    if record.get("usage") or not isinstance(extra, dict):
        return record
    return {**record, "usage": extra.get("usage")}
