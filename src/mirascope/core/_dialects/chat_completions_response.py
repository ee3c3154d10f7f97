"""A whole response in the dialect of OpenAI's Chat Completions.

What of it goes back in the next request is one rule, `ChatCompletionsResponse.message_param`: every
field as it came, the fields that the SDK does not know included, and no field that is ``null``, nor
one of the SDK's that is empty. The content is always there, for servers that want one beside tool
calls too. What a provider's own API refuses, its `_sent_back` leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, cast

from pydantic import BaseModel
from typing_extensions import TypeVar, override

from mirascope.core._dialects.chat_completions import (
    COMMON_FINISH_REASONS,
    arguments_text,
    reasoning_of,
    token_counts,
)
from mirascope.core._dialects.chat_completions_messages import FORM
from mirascope.core._dialects.chat_completions_tools import called, tool_messages
from mirascope.core._dialects.content_parts import texts_of
from mirascope.core._responses.call_arguments import MessageT
from mirascope.core._responses.call_response import BaseCallResponse, RawResponseT
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._tools.tool_calls import ToolCallRecord, ToolT
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import JSON, FinishT, Record, TokenCounts, text_or_none
from mirascope.core._wire.json_fields import fields, objects

UsageT = TypeVar("UsageT", bound=BaseModel, default=BaseModel)


@dataclass(kw_only=True, repr=False, eq=False)
class ChatCompletionsResponse(
    BaseCallResponse[RawResponseT, ToolT, MessageT],
    Generic[RawResponseT, ToolT, MessageT, FinishT, UsageT],
):
    """A whole answer; its text is that of the first choice.

    The SDKs build responses unvalidated, so of an unfinished one any field can be ``None``.
    """

    _common_reasons = COMMON_FINISH_REASONS
    message_format = FORM

    @property
    def _message(self) -> Any:
        return self._raw.choices[0].message if self._raw.choices else None

    @property
    def _said(self) -> Record:
        """The message as the provider sent it."""
        return record_of(self._message) if self._message else {}

    @property
    @override
    def content(self) -> str:
        content = self._message.content if self._message else None
        return content if isinstance(content, str) else texts_of(self._said.get("content"))[0]

    @property
    @override
    def _reasoning(self) -> str:
        said = self._said
        return reasoning_of(said) or texts_of(said.get("content"))[1]

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
        raw: object = self._message
        known = type(raw).model_fields if isinstance(raw, BaseModel) else ()
        came = {
            name: value
            for name, value in self._said.items()
            if value is not None and (value or name == "content" or name not in known)
        }
        message: dict[str, JSON] = {"role": "assistant", **self._sent_back(came)}
        if calls := objects(message.get("tool_calls")):
            message["tool_calls"] = [_call_sent_back(call) for call in calls]
        message.setdefault("content", "")
        return cast("MessageT", message)

    @classmethod
    def _sent_back(cls, message: Record) -> Record:
        """Return the fields of a message that the provider's API takes in a request."""
        return message

    @property
    @override
    def _tool_call_records(self) -> Sequence[ToolCallRecord]:
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


def _call_sent_back(call: Record) -> JSON:
    """Return a tool call with its arguments as text, which is what a request has."""
    told: dict[str, JSON] = {name: value for name, value in call.items() if value is not None}
    if function := fields(call.get("function")):
        arguments = arguments_text(function.get("arguments"))
        told["function"] = {**function, "arguments": arguments}
    return told
