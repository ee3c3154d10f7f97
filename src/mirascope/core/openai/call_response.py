"""The response of an OpenAI model, or of a server that an OpenAI client connects to.

Every field is sent back but two kinds. The SDK's own response fields that its request type lacks
(``ChatCompletionAssistantMessageParam``), such as annotations: OpenAI does not document that its
API accepts them. And the text of the reasoning, if the message has no tool calls: DeepSeek requires
it with tool calls, and ignores or rejects it elsewhere (api-docs.deepseek.com, "Thinking Mode"). A
named server may want it always (`mirascope.core._calls.servers`).
OpenAI itself never sends a field that its SDK does not know, so an unknown field is sent back to
the server that sent it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessage,
    ChatCompletionMessageParam,
    ChatCompletionToolMessageParam,
)
from typing_extensions import override

from mirascope.core._calls.servers import OPENAI, SERVERS
from mirascope.core._dialects.chat_completions.chunk import REASONING_FIELDS
from mirascope.core._dialects.chat_completions.response import ChatCompletionsResponse
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_fields import fields, text_or_none
from mirascope.core.openai.call_response_chunk import Audio, FinishReason
from mirascope.core.openai.tool import OpenAITool

_ONLY_IN_RESPONSES: Final = frozenset(ChatCompletionMessage.model_fields).difference(
    ChatCompletionAssistantMessageParam.__annotations__
)


class OpenAICallResponse(
    Audio,
    ChatCompletionsResponse[
        ChatCompletion, OpenAITool, ChatCompletionMessageParam, FinishReason, CompletionUsage
    ],
):
    """The response of an OpenAI model; ``response`` is the SDK's ``ChatCompletion``."""

    _raw_type = ChatCompletion
    _extra_dumped = ("audio", "audio_transcript")

    @property
    def audio_id(self) -> str | None:
        """The provider's id for the audio, if there is one."""
        return text_or_none(self._audio.get("id"))

    @property
    @override
    def _audio(self) -> Record:
        return fields(record_of(self._message).get("audio")) if self._message else {}

    @property
    @override
    def message_param(self) -> ChatCompletionAssistantMessageParam:
        """The response as a message for the next call; audio is sent as its id."""
        return cast("ChatCompletionAssistantMessageParam", super().message_param)

    @override
    def _accepted_fields(self, message: Record) -> Record:
        excluded = _ONLY_IN_RESPONSES
        wanted = SERVERS.get(self.provider, OPENAI).reasoning_back == "always"
        if not (message.get("tool_calls") or wanted):
            excluded |= {*REASONING_FIELDS}
        accepted = {name: value for name, value in message.items() if name not in excluded}
        if audio_id := text_or_none(fields(message.get("audio")).get("id")):
            accepted["audio"] = {"id": audio_id}
        return accepted

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[OpenAITool, JsonableType]]
    ) -> list[ChatCompletionToolMessageParam]:
        """Return the messages that send the outputs of tools to the model."""
        return super().tool_message_params(tools_and_outputs)
