"""Where Groq's streams differ from Chat Completions.

Usage is in ``x_groq`` of the last record, in ``usage``, or in both: it is one total, never a sum. A
stream that ends early reports so in ``x_groq.error``. Of a tool that Groq executes itself, each
record repeats all data so far, where the dialect would send the new part. And a plain response has
the breakdown of the usage beside the usage instead of in ``x_groq``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from mirascope.core._dialects.chat_completions.choice import Choice
from mirascope.core._dialects.chat_completions.decoder import ChatCompletionsDecoder
from mirascope.core._wire.accumulator import Keep
from mirascope.core._wire.error_reports import provider_error
from mirascope.core.groq.call_response_chunk import GroqCallResponseChunk, as_chat_completions

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mirascope.core._wire.events import JSON, Mergeable, Record

_ONLY_IN_STREAMS: Final = frozenset({"error", "usage", "usage_breakdown"})


class _GroqChoice(Choice):
    """The received part of one choice."""

    __slots__ = ()

    @override
    def add_extra(self, extra: dict[str, JSON]) -> None:
        extra.pop("channel", None)  # the fields separate text and reasoning already
        tools = extra.pop("executed_tools", None)
        if isinstance(tools, list) and self.reply.keeps_text:
            known = self.reply.extra.setdefault("executed_tools", list["Mergeable"]())
            _replace_by_index(cast("list[Mergeable]", known), tools)
        super().add_extra(extra)


class GroqDecoder(ChatCompletionsDecoder[GroqCallResponseChunk]):
    """Reads one stream of a Groq model."""

    choice_type = _GroqChoice

    def __init__(self, *, keep: Keep = "all") -> None:
        super().__init__(GroqCallResponseChunk, keep=keep)
        self._x_groq: dict[str, JSON] = {}

    @override
    def decode(
        self, record: Record, raw: BaseModel | bytes, out: list[GroqCallResponseChunk]
    ) -> None:
        extra = record.get("x_groq")
        if not isinstance(extra, dict):
            super().decode(record, raw, out)
            return
        self._x_groq.update(extra)
        was_complete = self.is_complete
        super().decode(as_chat_completions(record), raw, out)
        if error := extra.get("error"):
            if not was_complete:
                self._unfinished.add(0)  # whatever the finish reason beside it is
            raise provider_error(error)

    @override
    def response(self) -> dict[str, JSON]:
        response = super().response()
        if self._x_groq:
            response["x_groq"] = {
                name: value for name, value in self._x_groq.items() if name not in _ONLY_IN_STREAMS
            }
        if breakdown := self._x_groq.get("usage_breakdown"):
            response["usage_breakdown"] = breakdown
        return response


def _replace_by_index(known: list[Mergeable], tools: list[JSON]) -> None:
    for tool in tools:
        if isinstance(tool, dict):
            index = tool.get("index")
            newest = cast("dict[str, Mergeable]", tool)
            same = (each for each in known if isinstance(each, dict) and each.get("index") == index)
            if index is not None and (before := next(same, None)) is not None:
                before.update(newest)
            else:
                known.append(dict(newest))
