"""One item of a stream of an OpenAI model."""

from __future__ import annotations

from base64 import b64decode
from typing import ClassVar, Literal, TypeAlias

from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

from mirascope.core._dialects.chat_completions import ChatCompletionsChunk
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._wire.events import Record, text_or_none
from mirascope.core._wire.json_fields import fields, text

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


class OpenAICallResponseChunk(ChatCompletionsChunk[ChatCompletionChunk, FinishReason]):
    """What one event of an OpenAI stream says; ``chunk`` is the ``ChatCompletionChunk``.

    Example:
        >>> raw = ChatCompletionChunk.model_validate({
        ...     "id": "1", "object": "chat.completion.chunk", "created": 0, "model": "gpt-4o-mini",
        ...     "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}],
        ... })
        >>> OpenAICallResponseChunk(chunk=raw).content
        'Hi'
    """

    __slots__ = ()

    _raw_type: ClassVar[type[BaseModel]] = ChatCompletionChunk
    _extra_dumped: ClassVar[tuple[str, ...]] = ("audio", "audio_transcript")

    @property
    def audio(self) -> bytes | None:
        """The sound, if there is some."""
        return sound(self._audio)

    @property
    def audio_transcript(self) -> str | None:
        """What the sound says, if told."""
        return text_or_none(self._audio.get("transcript"))

    @property
    def _audio(self) -> Record:
        choices = record_of(self.chunk).get("choices")
        first = next(iter(choices), None) if isinstance(choices, list) else None
        return fields(fields(fields(first).get("delta")).get("audio"))

    @property
    def usage(self) -> CompletionUsage | None:
        """The usage as OpenAI reports it, if told."""
        return None if self._usage is None else CompletionUsage.model_construct(None, **self._usage)


def sound(audio: Record) -> bytes | None:
    """Return the sound in an ``audio`` object, if there is some."""
    return b64decode(text(audio.get("data"))) or None
