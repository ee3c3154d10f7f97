"""Reads a Chat Completions stream.

Two rules are decided here. A record without a choice (the trailing usage, Azure's filter results)
is never an item of its own, because users index ``choices[0]`` on every item. Therefore the chunk
with the finish reason is held until the next record or the end of the body, and reports the usage
too. And the response is complete when every choice has a finish reason, or at ``[DONE]``;
compatible servers leave out either one. A plain response is read as one record whose deltas are its
messages.

A provider that deviates within a choice has a `Choice` of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from typing_extensions import TypeVar, override

from mirascope.core._dialects.any_text import AnyText
from mirascope.core._dialects.chat_completions.choice import Choice, text_form
from mirascope.core._dialects.chat_completions.chunk import ChatCompletionsChunk, token_counts
from mirascope.core._dialects.chat_completions.errors import choice_failure
from mirascope.core._engine.decoder import TextDecoder
from mirascope.core._wire.accumulator import Keep, MessageAccumulator
from mirascope.core._wire.error_reports import find_error, provider_error
from mirascope.core._wire.events import JSON, ProviderError, Record, TokenCounts
from mirascope.core._wire.function_calls import number_calls
from mirascope.core._wire.json_fields import fields, objects, text_or_none

if TYPE_CHECKING:
    from pydantic import BaseModel

ChunkT = TypeVar("ChunkT", bound=ChatCompletionsChunk[Any, Any])

_NOT_IN_RESPONSE: Final = frozenset({"choices", "obfuscation", "p"})  # the last two are padding


class ChatCompletionsDecoder(TextDecoder[ChunkT]):
    """Reads one stream: records in, chunks out, and the response that they add up to.

    Args:
        chunk_type: The provider's chunk.
        keep: How much of the response to keep.
    """

    done = False  # `[DONE]` is no record
    usage_follows: ClassVar[bool] = True
    """Whether usage may follow a finish reason that has usage beside it already."""

    choice_type: ClassVar[type[Choice]] = Choice
    """Accumulates a choice; a provider with fields beyond the dialect has its own."""

    def __init__(self, chunk_type: type[ChunkT], *, keep: Keep = "all") -> None:
        self._new_chunk = chunk_type.from_record
        self._new_text = chunk_type.of_text
        self._keep: Keep = keep
        self._held: ChunkT | None = None
        self._envelope: dict[str, JSON] = {}
        self._usage: JSON = None
        self._text = AnyText()
        self._only_text: list[dict[str, object]] | None = None
        self._choices: dict[int, Choice] = {0: self.choice_type(keep)}
        self._unfinished = {0}
        self.reply: MessageAccumulator = self._choices[0].reply
        self.id: str | None = None
        self.model: str | None = None
        self.tokens: TokenCounts | None = None
        self.unknown: Record | None = None

    def decode(self, record: Record, raw: BaseModel | bytes, out: list[ChunkT]) -> None:
        """Read one record and add the chunks that are now ready to ``out``.

        Raises:
            ProviderError: The record reports a failure.
        """
        choices = record.get("choices")
        if error := record.get("error"):
            raise self._error(record, error)
        if not choices or not isinstance(choices, list):
            self._text_event = None
            self._read_trailer(record)
            return
        if (  # almost all records add nothing but a text, so they take a short way
            choices == self._only_text
            and record.get("id") == self.id
            and record.get("model") == self.model
            and not record.get("usage")
        ):
            self._envelope.update(record)
            out.append(self._add_text_event(self._text.found, raw))
            return
        self._text_event = None
        first = choices[0] if isinstance(choices[0], dict) else {}
        if first.get("delta") is None and first:
            is_plain = "message" in first
            record = _as_stream_record(record, choices)
            self.decode(record, json.dumps(record).encode(), out)
            if is_plain:  # it is complete, also without a finish reason
                self._unfinished.clear()
            return
        self._envelope.update(record)
        chunk = self._new_chunk(record, raw)
        if self.id is None or self.model is None:
            self.id, self.model = self.id or chunk.id, self.model or chunk.model
        if chunk.tokens is not None:
            self.tokens, self._usage = chunk.tokens, chunk.usage_record
        if len(choices) == 1 and not first.get("index"):
            self._choices[0].add(first, chunk)
            self._only_text = text_form(first, self._text) if chunk.content else None
            if chunk.finish_reasons:
                self._finish(0, first)
        else:
            self._only_text = None
            self._add_each(choices, chunk)
        if (held := self._held) is not None:
            if not (chunk.finish_reasons or chunk.is_output):  # nothing else: it reports the end
                chunk.finish_reasons = held.finish_reasons
                chunk.tokens = chunk.tokens or held.tokens
            self.flush(out)
        if chunk.finish_reasons and (self.usage_follows or chunk.tokens is None):
            self._held = chunk
            if chunk.tokens is None and self.tokens is not None:
                chunk.set_usage(self._usage)
        else:
            out.append(chunk)

    @override
    def _add_text(self, text: str, raw: BaseModel | bytes) -> ChunkT:
        self.reply.add_text(text)
        return self._new_text(text, raw, self.id, self.model)

    def flush(self, out: list[ChunkT]) -> None:
        """Add the chunk that is held for the usage to ``out``."""
        if self._held is not None:
            out.append(self._held)
            self._held = None

    @property
    def is_complete(self) -> bool:
        """Whether the provider has reported the end of each choice."""
        return not self._unfinished

    @property
    def finish_reasons(self) -> list[str] | None:
        """The finish reasons received so far, in the order of the choices."""
        reasons = (choice.reply.finish_reason for _, choice in sorted(self._choices.items()))
        return [reason for reason in reasons if reason] or None

    def response(self) -> dict[str, JSON]:
        """Return the received part of the response as the ``chat.completion`` of a plain call."""
        envelope = {k: v for k, v in self._envelope.items() if k not in _NOT_IN_RESPONSE}
        return {
            **envelope,
            "id": self.id,
            "model": self.model,
            "object": "chat.completion",
            "choices": [choice.response(i) for i, choice in sorted(self._choices.items())],
            "usage": self._usage,
        }

    def _error(self, record: Record, error: JSON) -> ProviderError:
        """Return the failure that a record reports.

        If the record has a choice, the response is not complete, whatever was reported before.
        """
        if record.get("choices"):
            self._unfinished.add(0)
        return provider_error(dict(record), body=error)

    def _read_trailer(self, record: Record) -> None:
        """Read a record without a choice.

        Raises:
            ProviderError: The record reports a failure.
        """
        self._envelope.update(record)
        self.id = self.id or text_or_none(record.get("id"))
        self.model = self.model or text_or_none(record.get("model"))
        usage = record.get("usage")
        if isinstance(usage, dict):
            self.tokens, self._usage = token_counts(usage), usage
            if self._held is not None:
                self._held.set_usage(usage)
        elif "choices" not in record:
            if error := find_error(record):
                raise error
            self.unknown = record

    def _finish(self, index: int, choice: Record) -> None:
        """Mark a choice as complete.

        Raises:
            ProviderError: Its finish reason is a failure.
        """
        if failed := choice_failure(choice):
            raise failed
        self._unfinished.discard(index)

    def _add_each(self, choices: list[JSON], chunk: ChunkT) -> None:
        """Add several choices of a record, each read as if it were the only one."""
        for choice in choices:
            if not isinstance(choice, dict):
                continue
            reported = choice.get("index")
            index = reported if isinstance(reported, int) else 0
            known = self._choices.get(index)
            if known is None:
                known = self._choices[index] = self.choice_type(self._keep)
                self._unfinished.add(index)
            delta = self._new_chunk({"choices": [{**choice, "index": 0}]}, b"")
            known.add(choice, delta)
            if delta.finish_reasons:
                self._finish(index, choice)
            if delta.tool_calls and not index:
                chunk.tool_calls, chunk.calls = delta.tool_calls, delta.calls


def _as_stream_record(record: Record, choices: list[JSON]) -> dict[str, JSON]:
    """Return a plain response as a record of a stream, with its messages as deltas.

    A choice without a message, such as one of Azure's asynchronous filter, has an empty delta.
    """
    for choice in choices:
        if isinstance(choice, dict) and choice.get("delta") is None:
            message = fields(choice.pop("message", None))
            numbered = number_calls(objects(message.get("tool_calls")))
            choice["delta"] = {**message, **({"tool_calls": numbered} if numbered else {})}
    return {**record, "object": "chat.completion.chunk", "choices": choices}
