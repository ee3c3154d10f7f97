"""A whole answer in the dialect of OpenAI's Chat Completions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, cast

from pydantic import BaseModel
from typing_extensions import TypeVar, override

from mirascope.core._dialects.chat_completions import (
    COMMON_FINISH_REASONS,
    reasoning_of,
    token_counts,
)
from mirascope.core._dialects.chat_completions_messages import FORM
from mirascope.core._dialects.chat_completions_tools import called, tool_messages
from mirascope.core._wire.events import FinishT, TokenCounts, text_or_none
from mirascope.core.base._asked import MessageT
from mirascope.core.base._called import Called, ToolT
from mirascope.core.base.call_response import BaseCallResponse, RawResponseT
from mirascope.core.base.call_response_chunk import record_of
from mirascope.core.base.types import JsonableType

UsageT = TypeVar("UsageT", bound=BaseModel, default=BaseModel)

SENT_BACK = frozenset({"role", "content", "refusal", "tool_calls", "function_call", "audio"})

_INSTEAD_OF_CONTENT = frozenset({"tool_calls", "function_call", "audio"})
"""A message needs a content unless it has one of these."""


@dataclass(kw_only=True, repr=False, eq=False)
class ChatCompletionsResponse(
    BaseCallResponse[RawResponseT, ToolT, MessageT],
    Generic[RawResponseT, ToolT, MessageT, FinishT, UsageT],
):
    """A whole answer; its text is that of the first choice.

    The SDKs build responses unvalidated, so of an unfinished one any field can be ``None``.
    """

    _common = COMMON_FINISH_REASONS
    _sent_back: ClassVar[frozenset[str]] = SENT_BACK
    message_form = FORM

    @property
    def _message(self) -> Any:
        return self._raw.choices[0].message if self._raw.choices else None

    @property
    @override
    def content(self) -> str:
        content = self._message.content if self._message else None
        return content if isinstance(content, str) else ""

    @property
    @override
    def _reasoning(self) -> str:
        return reasoning_of(self._message.model_dump(warnings=False))[1] if self._message else ""

    @property
    @override
    def refusal(self) -> str:
        return text_or_none(getattr(self._message, "refusal", None)) or ""

    @property
    @override
    def finish_reasons(self) -> list[FinishT] | None:
        reasons = [text_or_none(choice.finish_reason) for choice in self._raw.choices or ()]
        return [cast("FinishT", reason) for reason in reasons if reason] or None

    @property
    @override
    def usage(self) -> UsageT | None:
        return cast("UsageT | None", self._raw.usage)

    @property
    @override
    def message_param(self) -> MessageT:
        if self._message is None:
            return cast("MessageT", {"role": "assistant", "content": ""})
        fields = self._message.model_dump(
            include=self._sent_back, exclude_none=True, warnings=False
        )
        told = {name: field for name, field in fields.items() if field or name == "content"}
        needed = self.called is not None or told.keys().isdisjoint(_INSTEAD_OF_CONTENT)
        told.setdefault("content", "" if needed else None)
        return cast("MessageT", told)

    @property
    @override
    def _called_in_response(self) -> Sequence[Called]:
        return called(self._message.tool_calls) if self._message else []

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[ToolT, JsonableType]]
    ) -> list[Any]:
        return tool_messages(tools_and_outputs)

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return token_counts(record_of(self.usage)) if self.usage else None
