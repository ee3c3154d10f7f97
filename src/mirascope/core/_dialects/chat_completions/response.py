"""A plain response of Chat Completions.

`ChatCompletionsResponse.message_param` is sent back in the next request. It has every field as
received, also those that the SDK does not know, but no field that is ``null``, and none of the
SDK's that is empty. The content is always there, because some servers require it beside tool calls
too. `_accepted_fields` of a provider leaves out the fields that its API rejects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, cast

from pydantic import BaseModel
from typing_extensions import TypeVar, override

from mirascope.core._dialects.chat_completions.chunk import (
    COMMON_FINISH_REASONS,
    reasoning_of,
    token_counts,
)
from mirascope.core._dialects.chat_completions.content_parts import texts_of
from mirascope.core._dialects.chat_completions.messages import MESSAGE_FORMAT
from mirascope.core._dialects.chat_completions.tools import tool_call_records, tool_messages
from mirascope.core._responses.call_arguments import MessageT
from mirascope.core._responses.call_response import BaseCallResponse, RawResponseT
from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._tools.tool_calls import ToolCallRecord, ToolT
from mirascope.core._types import JsonableType
from mirascope.core._wire.events import JSON, FinishT, Record, TokenCounts
from mirascope.core._wire.function_calls import arguments_text
from mirascope.core._wire.json_fields import fields, objects, text_or_none

UsageT = TypeVar("UsageT", bound=BaseModel, default=BaseModel)


@dataclass(kw_only=True, repr=False, eq=False)
class ChatCompletionsResponse(
    BaseCallResponse[RawResponseT, ToolT, MessageT],
    Generic[RawResponseT, ToolT, MessageT, FinishT, UsageT],
):
    """A plain response; its text is that of the first choice.

    The SDKs build responses unvalidated, so any field of a partial one can be ``None``.
    """

    _common_reasons = COMMON_FINISH_REASONS
    message_format = MESSAGE_FORMAT

    @property
    def _message(self) -> Any:
        return self._raw.choices[0].message if self._raw.choices else None

    @property
    def _message_record(self) -> Record:
        """The message as JSON."""
        return record_of(self._message) if self._message else {}

    @property
    @override
    def content(self) -> str:
        content = self._message.content if self._message else None
        if isinstance(content, str):
            return content
        return texts_of(self._message_record.get("content"))[0]

    @property
    @override
    def _reasoning(self) -> str:
        message = self._message_record
        return reasoning_of(message) or texts_of(message.get("content"))[1]

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
        received = {
            name: value
            for name, value in self._message_record.items()
            if value is not None and (value or name == "content" or name not in known)
        }
        message: dict[str, JSON] = {"role": "assistant", **self._accepted_fields(received)}
        if calls := objects(message.get("tool_calls")):
            message["tool_calls"] = [_tool_call_param(call) for call in calls]
        message.setdefault("content", "")
        return cast("MessageT", message)

    def _accepted_fields(self, message: Record) -> Record:
        """Return the fields of a received message that the provider's API accepts in a request."""
        return message

    @property
    @override
    def _tool_call_records(self) -> Sequence[ToolCallRecord]:
        return tool_call_records(self._message.tool_calls) if self._message else []

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


def _tool_call_param(call: Record) -> JSON:
    """Return a received tool call for a request, with its arguments as text."""
    param: dict[str, JSON] = {name: value for name, value in call.items() if value is not None}
    if function := fields(call.get("function")):
        arguments = arguments_text(function.get("arguments"))
        param["function"] = {**function, "arguments": arguments}
    return param
