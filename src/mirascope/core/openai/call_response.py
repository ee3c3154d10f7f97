"""The whole answer of an OpenAI model."""

from __future__ import annotations

from typing import cast

from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessage,
    ChatCompletionMessageParam,
)
from typing_extensions import override

from mirascope.core._dialects.chat_completions import reasoning_of, token_counts
from mirascope.core._wire.events import Record, TokenCounts
from mirascope.core.base.call_response import BaseCallResponse
from mirascope.core.openai.call_response_chunk import FinishReason
from mirascope.core.openai.tool import OpenAITool


class OpenAICallResponse(BaseCallResponse[ChatCompletion, OpenAITool, ChatCompletionMessageParam]):
    """The whole answer of an OpenAI model; ``response`` is the SDK's ``ChatCompletion``."""

    provider = "openai"

    @classmethod
    @override
    def raw(cls, record: Record) -> ChatCompletion:
        return ChatCompletion.model_construct(None, **record)

    @property
    def _message(self) -> ChatCompletionMessage | None:
        choices = self.response.choices
        return choices[0].message if choices else None

    @property
    @override
    def content(self) -> str:
        return (self._message and self._message.content) or ""

    @property
    @override
    def reasoning(self) -> str:
        return reasoning_of(self._message.model_extra or {})[1] if self._message else ""

    @property
    @override
    def finish_reasons(self) -> list[FinishReason] | None:
        # The SDK builds responses unvalidated: of an unfinished one, fields can be None.
        choices = [c for c in self.response.choices if cast("str | None", c.finish_reason)]
        return [choice.finish_reason for choice in choices] or None

    @property
    @override
    def model(self) -> str | None:
        return self.response.model or None

    @property
    @override
    def id(self) -> str | None:
        return self.response.id or None

    @property
    @override
    def usage(self) -> CompletionUsage | None:
        return self.response.usage

    @property
    @override
    def message_param(self) -> ChatCompletionAssistantMessageParam:
        """The answer as a message that can be sent back in the next call."""
        message = self._message
        if message is None:
            return {"role": "assistant", "content": ""}
        return cast(
            "ChatCompletionAssistantMessageParam",
            message.model_dump(
                include={"role", "content", "refusal", "tool_calls", "function_call", "audio"},
                exclude_none=True,
            ),
        )

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return token_counts(self.usage.model_dump()) if self.usage else None
