"""One item of a stream of an OpenAI model."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

from mirascope.core._dialects.chat_completions import ChatCompletionsChunk

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

    @property
    def usage(self) -> CompletionUsage | None:
        """The usage as OpenAI reports it, if told."""
        return None if self._usage is None else CompletionUsage.model_construct(None, **self._usage)
