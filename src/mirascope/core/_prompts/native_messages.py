"""Conversion of conversations between native (the provider's own) and normalized messages.

The normalized message of a response carries the native one, if its parts cannot represent all of
that. Before a request, each message is converted to a form that its provider accepts:

- The native message is sent unchanged to the provider that it came from, unless the parts of the
  normalized message were changed. Other providers receive the parts, and a warning reports the
  loss.
- Ids of tool calls that the provider would reject are replaced, in calls and in results alike. Ids
  in native messages are not.
- An empty response is left out or sent with a substitute text, as the provider needs it.
- A message in the form of another provider is an error: it would be sent without its content.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, TypeAlias, cast
from weakref import WeakValueDictionary

from pydantic import BaseModel

from mirascope.core._prompts.message_param import (
    BaseMessageParam,
    Message,
    NativeMessage,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    is_blank,
)
from mirascope.core._prompts.normalize import record_to_read
from mirascope.core._wire.events import Record, fitting_id

Known: TypeAlias = "Mapping[str, Known] | AbstractSet[str] | None"
"""The part of a value that normalized messages represent: some fields, some words, or all of it."""

ToolPart: TypeAlias = ToolCallPart | ToolResultPart
"""A part with the id of a tool call, by which providers match calls and results."""

_ANY_ID: Final = re.compile(r".+", re.DOTALL)
_ASSISTANT: Final = frozenset({"assistant", "model"})
_MARKERS: Final = frozenset({"role", "type"})

_reported: Final = WeakValueDictionary[int, NativeMessage]()
"""The native messages of which a warning has reported the loss."""


@dataclass(frozen=True, kw_only=True)
class MessageFormat:
    """A provider's native form of messages.

    Attributes:
        read: Returns the normalized message, without what it cannot represent.
        record: Returns a native message as the provider's JSON.
        known: The fields of a native message that the normalized one represents.
        kept: Whether a native message is kept although the normalized one represents all of it.
        foreign: The names of content fields that only messages of other providers have.
        call_id: The pattern of valid ids of tool calls.
        empty: The text that is sent for an empty response; ``None`` to leave it out.
    """

    read: Callable[[Message], BaseMessageParam]
    record: Callable[[Message], Record] = record_to_read
    known: Mapping[str, Known]
    kept: Callable[[Record], bool] = lambda _: False
    foreign: Sequence[str] = ("parts", "output", "call_id")
    call_id: re.Pattern[str] = _ANY_ID
    empty: str | None = ""

    def common(self, message: Message, provider: str) -> BaseMessageParam:
        """Return the normalized message, with the native one if that has more."""
        normalized = self.read(message)
        if isinstance(message, BaseMessageParam):
            return normalized
        native = self.record(message)
        has_more = _has_more(native, self.known)
        ids = (part.id for part in _tool_parts(normalized))
        invalid = any(id_ and not self.call_id.fullmatch(id_) for id_ in ids)
        if has_more or invalid or self.kept(native):
            normalized.native = NativeMessage(
                provider=provider, message=dict(native), has_more=has_more
            )
        return normalized

    def to_send(self, messages: Sequence[Message], provider: str) -> list[Message]:
        """Return the messages of a request in a form that the provider accepts.

        Raises:
            ValueError: A message is in another provider's form.
        """
        _warn_of_loss(messages, provider)
        native = (self._native(message, provider) for message in messages)
        filled = (self._filled(message) for message in native)
        return self._with_matching_ids([message for message in filled if message is not None])

    def _native(self, message: Message, provider: str) -> Message:
        """Return the native message of a normalized one, if their contents still agree."""
        if not isinstance(message, BaseMessageParam):
            self._check(message, provider)
            return message
        if message.native is None or message.native.provider != provider:
            return message
        original = self.read(message.native.message)
        unchanged = original.role == message.role and _parts(original) == _parts(message)
        return message.native.message if unchanged else message

    def _check(self, message: Mapping[str, object] | BaseModel, provider: str) -> None:
        content = message if isinstance(message, Mapping) else vars(message)
        for name in self.foreign:
            if content.get(name):
                raise ValueError(
                    f"{provider} messages have no {name!r}: this {type(message).__name__} has the "
                    "format of another provider. Send `common_message_param` of the response, or "
                    "use `llm.call` for all calls"
                )

    def _filled(self, message: Message) -> Message | None:
        if not self._is_empty_response(message):
            return message
        if self.empty is None:
            return None
        return BaseMessageParam(role="assistant", content=self.empty)

    def _is_empty_response(self, message: Message) -> bool:
        if isinstance(message, BaseMessageParam):
            if message.role != "assistant":
                return False
            content = message.content
            return not content.strip() if isinstance(content, str) else all(map(is_blank, content))
        fields = message if isinstance(message, Mapping) else vars(message)
        if fields.get("role") not in _ASSISTANT:
            return False
        return not _has_content(fields if fields is message else self.record(message))

    def _with_matching_ids(self, messages: list[Message]) -> list[Message]:
        """Return messages in which calls and results have the same valid ids and names."""
        normalized = [each for each in messages if isinstance(each, BaseMessageParam)]
        if not any(map(_tool_parts, normalized)):
            return messages
        native = (self.read(each) for each in messages if not isinstance(each, BaseMessageParam))
        unchangeable = [part for message in native for part in _tool_parts(message)]
        changeable = [part for message in normalized for part in _tool_parts(message)]
        kept = {part.id for part in unchangeable}
        names = {part.id: part.name for part in (*unchangeable, *changeable) if part.name}

        def matching(part: Part) -> Part:
            if not isinstance(part, ToolPart) or not part.id:
                return part
            is_valid = part.id in kept or self.call_id.fullmatch(part.id)
            id_ = part.id if is_valid else fitting_id(part.id)
            name = part.name or names.get(part.id, "")
            return part.model_copy(update={"id": id_, "name": name})

        return [
            each.model_copy(update={"content": [*map(matching, _parts(each))]})
            if isinstance(each, BaseMessageParam) and _tool_parts(each)
            else each
            for each in messages
        ]


def _parts(message: BaseMessageParam) -> list[Part]:
    content = message.content
    return [TextPart(text=content)] if isinstance(content, str) else [*content]


def _tool_parts(message: BaseMessageParam) -> list[ToolPart]:
    """Return the tool calls and tool results in a message."""
    if isinstance(message.content, str):
        return []
    return [part for part in message.content if isinstance(part, ToolPart)]


def _warn_of_loss(messages: Sequence[Message], provider: str) -> None:
    """Warn of content that only other providers can read, once for each message."""
    carried = (m.native for m in messages if isinstance(m, BaseMessageParam))
    lost = [each for each in carried if each and each.has_more and each.provider != provider]
    new = [each for each in lost if _reported.get(id(each)) is not each]
    if new:
        _reported.update({id(each): each for each in new})
        names = ", ".join(sorted({each.provider for each in new}))
        warnings.warn(
            f"parts of this conversation that only {names} can read (such as thinking, signatures "
            f"or citations) are not sent to {provider}",
            stacklevel=2,
        )


def _has_more(value: object, known: Known) -> bool:
    """Return whether a value has content that normalized messages cannot represent."""
    if known is None or not value:
        return False
    if isinstance(value, list):
        return any(_has_more(each, known) for each in cast("list[object]", value))
    if not isinstance(known, Mapping):
        return isinstance(value, Mapping) or value not in known
    return isinstance(value, Mapping) and any(
        _has_more(field, known[name]) if name in known else _has_content(field)
        for name, field in cast("Mapping[str, object]", value).items()
    )


def _has_content(value: object) -> bool:
    """Return whether a value has more than whitespace and its own type."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value).items()
        return any(_has_content(field) for name, field in fields if name not in _MARKERS)
    if isinstance(value, list | tuple):
        return any(map(_has_content, cast("Sequence[object]", value)))
    return value is not None and value is not False
