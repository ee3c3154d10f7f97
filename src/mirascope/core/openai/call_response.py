"""The whole answer of an OpenAI model."""

from __future__ import annotations

from typing import cast

from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
)
from typing_extensions import override

from mirascope.core._dialects.chat_completions_response import ChatCompletionsResponse
from mirascope.core._wire.events import Record, text_or_none
from mirascope.core._wire.fields import fields
from mirascope.core.base.call_response_chunk import record_of
from mirascope.core.openai._errors import ERRORS
from mirascope.core.openai.call_response_chunk import FinishReason, sound
from mirascope.core.openai.tool import OpenAITool


class OpenAICallResponse(
    ChatCompletionsResponse[
        ChatCompletion, OpenAITool, ChatCompletionMessageParam, FinishReason, CompletionUsage
    ]
):
    """The whole answer of an OpenAI model; ``response`` is the SDK's ``ChatCompletion``."""

    _sdk_errors = ERRORS

    _raw_type = ChatCompletion

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
        message = cast("ChatCompletionAssistantMessageParam", super().message_param)
        if self.audio_id:
            message["audio"] = {"id": self.audio_id}
        return message
