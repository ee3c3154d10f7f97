"""The whole response of an OpenAI model, or of a server that an OpenAI client talks to.

What goes back is every field but two kinds. The SDK's own response fields that its request type
lacks (``ChatCompletionAssistantMessageParam``), such as annotations: OpenAI's API does not document
that it takes them. And the text of the reasoning, if the message has no tool calls: DeepSeek wants
it back with tool calls, and ignores or refuses it elsewhere (api-docs.deepseek.com, "Thinking
Mode"). OpenAI itself never sends a field that its SDK does not know, so what is unknown goes back
to the server that it came from.
"""

from __future__ import annotations

from typing import Final, cast

from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessage,
    ChatCompletionMessageParam,
)
from typing_extensions import override

from mirascope.core._dialects.chat_completions import REASONING_FIELDS
from mirascope.core._dialects.chat_completions_response import ChatCompletionsResponse
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._wire.events import Record, text_or_none
from mirascope.core._wire.json_fields import fields
from mirascope.core.openai.call_response_chunk import FinishReason, sound
from mirascope.core.openai.tool import OpenAITool

_ONLY_IN_RESPONSES: Final = frozenset(ChatCompletionMessage.model_fields).difference(
    ChatCompletionAssistantMessageParam.__annotations__
)


class OpenAICallResponse(
    ChatCompletionsResponse[
        ChatCompletion, OpenAITool, ChatCompletionMessageParam, FinishReason, CompletionUsage
    ]
):
    """The whole answer of an OpenAI model; ``response`` is the SDK's ``ChatCompletion``."""

    _raw_type = ChatCompletion
    _dumped_too = ("audio", "audio_transcript")

    @property
    def audio(self) -> bytes | None:
        """The sound, if there is some."""
        return sound(self._audio)

    @property
    def audio_transcript(self) -> str | None:
        """What the sound says, if told."""
        return text_or_none(self._audio.get("transcript"))

    @property
    def audio_id(self) -> str | None:
        """The provider's id for the sound, if told."""
        return text_or_none(self._audio.get("id"))

    @property
    def _audio(self) -> Record:
        return fields(record_of(self._message).get("audio")) if self._message else {}

    @property
    @override
    def message_param(self) -> ChatCompletionAssistantMessageParam:
        """The answer as a message that can be sent back in the next call, a sound as its id."""
        return cast("ChatCompletionAssistantMessageParam", super().message_param)

    @classmethod
    @override
    def _sent_back(cls, message: Record) -> Record:
        left_out = _ONLY_IN_RESPONSES
        if not message.get("tool_calls"):
            left_out |= {*REASONING_FIELDS}
        told = {name: value for name, value in message.items() if name not in left_out}
        if audio_id := text_or_none(fields(message.get("audio")).get("id")):
            told["audio"] = {"id": audio_id}
        return told
