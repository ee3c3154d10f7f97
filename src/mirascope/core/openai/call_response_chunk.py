"""One chunk of a stream of an OpenAI model."""

from __future__ import annotations

from base64 import b64decode
from typing import ClassVar, Literal, TypeAlias

from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._dialects.chat_completions.chunk import ChatCompletionsChunk
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_fields import fields, text, text_or_none

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


class Audio:
    """The audio of a chunk or a response."""

    __slots__ = ()

    @property
    def _audio(self) -> Record:
        """The API's ``audio`` object."""
        raise NotImplementedError

    @property
    def audio(self) -> bytes | None:
        """The audio data, if there is any."""
        return b64decode(text(self._audio.get("data"))) or None

    @property
    def audio_transcript(self) -> str | None:
        """The transcript of the audio, if there is one."""
        return text_or_none(self._audio.get("transcript"))


class OpenAICallResponseChunk(Audio, ChatCompletionsChunk[ChatCompletionChunk, FinishReason]):
    """The content of one event of an OpenAI stream; ``chunk`` is the ``ChatCompletionChunk``.

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
    @override
    def _audio(self) -> Record:
        choices = record_of(self.chunk).get("choices")
        first = next(iter(choices), None) if isinstance(choices, list) else None
        return fields(fields(fields(first).get("delta")).get("audio"))

    @property
    def usage(self) -> CompletionUsage | None:
        """The usage as OpenAI reports it, if the event has it."""
        return None if self._usage is None else CompletionUsage.model_construct(None, **self._usage)
