"""How a provider's own messages and the common ones become each other, for whole conversations.

A common message of a response carries the provider's own one, where that has more than the common
parts can hold. Before a request, each message becomes what its provider accepts:

- The own message goes back to the provider that it came from, word for word, as long as the common
  parts still are what they were; if they were changed, they count. Another provider gets the parts,
  and a warning reports what stays behind.
- Ids of tool calls that do not have the form that the provider demands are replaced, those of calls
  and of their results alike. An id in a message that goes back word for word stays.
- An empty response is left out, or sent with the text that stands for it, as the provider needs it.
- A message in the form of another provider is refused: sent as it is, it would be empty.
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
"""What of a value the common form has a place for: some fields, some words, or anything."""

Tie: TypeAlias = ToolCallPart | ToolResultPart
"""A part that ties a message to another one."""

_ANY_ID: Final = re.compile(r".+", re.DOTALL)
_ASSISTANT: Final = frozenset({"assistant", "model"})
_MARKERS: Final = frozenset({"role", "type"})

_reported: Final = WeakValueDictionary[int, NativeMessage]()
"""The own messages that a warning has reported to stay behind."""


@dataclass(frozen=True, kw_only=True)
class MessageFormat:
    """A provider's own form of messages.

    Attributes:
        read: Returns a message in the common form, as far as that goes.
        record: Returns an own message as the provider's JSON.
        known: The fields of an own message that the common form has a place for.
        kept: Whether an own message is kept though the common form has a place for all of it.
        foreign: Fields with content that only messages of other providers have.
        call_id: The form that the ids of tool calls have to have.
        empty: The text that is sent for an empty response; ``None`` to leave it out.
    """

    read: Callable[[Message], BaseMessageParam]
    record: Callable[[Message], Record] = record_to_read
    known: Mapping[str, Known]
    kept: Callable[[Record], bool] = lambda _: False
    foreign: Sequence[str] = ("parts",)
    call_id: re.Pattern[str] = _ANY_ID
    empty: str | None = ""

    def common(self, message: Message, provider: str) -> BaseMessageParam:
        """Return a message in the common form, with the own one if that has more."""
        common = self.read(message)
        if isinstance(message, BaseMessageParam):
            return common
        own = self.record(message)
        more = _has_more(own, self.known)
        unfit = any(part.id and not self.call_id.fullmatch(part.id) for part in _ties_of(common))
        if more or unfit or self.kept(own):
            common.native = NativeMessage(provider=provider, message=dict(own), has_more=more)
        return common

    def to_send(self, messages: Sequence[Message], provider: str) -> list[Message]:
        """Return the messages of a request as the provider accepts them.

        Raises:
            ValueError: A message is in another provider's form.
        """
        _report_left_behind(messages, provider)
        own = (self._own(message, provider) for message in messages)
        filled = (self._filled(message) for message in own)
        return self._with_ties([message for message in filled if message is not None])

    def _own(self, message: Message, provider: str) -> Message:
        """Return the own message of a common one, if their contents still agree."""
        if not isinstance(message, BaseMessageParam):
            self._check(message, provider)
            return message
        if message.native is None or message.native.provider != provider:
            return message
        then = self.read(message.native.message)
        same = then.role == message.role and _parts(then) == _parts(message)
        return message.native.message if same else message

    def _check(self, message: Mapping[str, object] | BaseModel, provider: str) -> None:
        given = message if isinstance(message, Mapping) else vars(message)
        for name in self.foreign:
            if given.get(name):
                raise ValueError(
                    f"{provider} has no {name!r} in its messages: this {type(message).__name__} "
                    "is in another provider's form. Use the common form, as a response's "
                    "`common_message_param` has it, or `llm.call` throughout"
                )

    def _filled(self, message: Message) -> Message | None:
        if not self._is_empty_response(message):
            return message
        return None if self.empty is None else _assistant(self.empty)

    def _is_empty_response(self, message: Message) -> bool:
        if isinstance(message, BaseMessageParam):
            if message.role != "assistant":
                return False
            said = message.content
            return not said.strip() if isinstance(said, str) else all(map(is_blank, said))
        given = message if isinstance(message, Mapping) else vars(message)
        if given.get("role") not in _ASSISTANT:
            return False
        return not _says_something(given if given is message else self.record(message))

    def _with_ties(self, messages: list[Message]) -> list[Message]:
        """Return messages in which calls and results are tied by ids that fit, and by names."""
        if not any(_ties_of(each) for each in messages if isinstance(each, BaseMessageParam)):
            return messages
        own = (self.read(each) for each in messages if not isinstance(each, BaseMessageParam))
        verbatim = [part for message in own for part in _ties_of(message)]
        kept = {part.id for part in verbatim}
        common = [each for each in messages if isinstance(each, BaseMessageParam)]
        ours = [part for message in common for part in _ties_of(message)]
        names = {part.id: part.name for part in (*verbatim, *ours) if part.name}

        def tied(part: Part) -> Part:
            if not isinstance(part, Tie) or not part.id:
                return part
            fits = part.id in kept or self.call_id.fullmatch(part.id)
            id_ = part.id if fits else fitting_id(part.id)
            name = part.name or names.get(part.id, "")
            return part.model_copy(update={"id": id_, "name": name})

        return [
            each.model_copy(update={"content": [*map(tied, _parts(each))]})
            if isinstance(each, BaseMessageParam) and _ties_of(each)
            else each
            for each in messages
        ]


def _assistant(text: str) -> BaseMessageParam:
    return BaseMessageParam(role="assistant", content=text)


def _parts(message: BaseMessageParam) -> list[Part]:
    content = message.content
    return [TextPart(text=content)] if isinstance(content, str) else [*content]


def _ties_of(message: BaseMessageParam) -> list[Tie]:
    """Return the calls and the results of tools in a message."""
    if isinstance(message.content, str):
        return []
    return [part for part in message.content if isinstance(part, Tie)]


def _report_left_behind(messages: Sequence[Message], provider: str) -> None:
    """Warn of what only other providers can read, once for each message that has it."""
    carried = (m.native for m in messages if isinstance(m, BaseMessageParam))
    lost = [each for each in carried if each and each.has_more and each.provider != provider]
    new = [each for each in lost if _reported.get(id(each)) is not each]
    if new:
        _reported.update({id(each): each for each in new})
        names = ", ".join(sorted({each.provider for each in new}))
        warnings.warn(
            f"parts of this conversation that only {names} can read, such as thinking, signatures "
            f"or citations, are not sent to {provider}",
            stacklevel=2,
        )


def _has_more(value: object, known: Known) -> bool:
    """Return whether a value has something that the common form has no place for."""
    if known is None or not value:
        return False
    if isinstance(value, list):
        return any(_has_more(each, known) for each in cast("list[object]", value))
    if not isinstance(known, Mapping):
        return value not in known
    return isinstance(value, Mapping) and any(
        _has_more(field, known[name]) if name in known else _says_something(field)
        for name, field in cast("Mapping[str, object]", value).items()
    )


def _says_something(value: object) -> bool:
    """Return whether a value has more than blanks and its own type."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value).items()
        return any(_says_something(field) for name, field in fields if name not in _MARKERS)
    if isinstance(value, list | tuple):
        return any(map(_says_something, cast("Sequence[object]", value)))
    return value is not None and value is not False
