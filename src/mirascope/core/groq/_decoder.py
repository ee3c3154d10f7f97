"""What Groq says beyond the dialect of Chat Completions.

Usage comes in ``x_groq`` of the finishing record, in ``usage``, or in both: it is one total, never
a sum. A stream that was stopped early tells so in ``x_groq.error``. Of a tool that Groq executed
itself, each record tells all there is so far, where the dialect would tell what is new. And the
answer to a plain call has the breakdown of the usage beside the usage rather than in ``x_groq``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from typing_extensions import override

from mirascope.core._dialects.chat_completions import (
    ChatCompletionsDecoder,
    Choice,
)
from mirascope.core._wire.accumulator import Keep
from mirascope.core._wire.deltas import Mergeable
from mirascope.core._wire.error_reports import provider_error
from mirascope.core.groq.call_response_chunk import GroqCallResponseChunk, in_dialect

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mirascope.core._wire.events import JSON, Record

_OF_STREAMS = frozenset({"error", "usage", "usage_breakdown"})


class _GroqChoice(Choice):
    """One choice so far."""

    __slots__ = ()

    @override
    def add_extra(self, rest: dict[str, JSON]) -> None:
        rest.pop("channel", None)  # says that text is text and reasoning is reasoning
        tools = rest.pop("executed_tools", None)
        if isinstance(tools, list) and self.reply.keeps_text:
            known = self.reply.extra.setdefault("executed_tools", list[Mergeable]())
            _replace(cast("list[Mergeable]", known), tools)
        super().add_extra(rest)


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
        ended = self.is_complete
        super().decode(in_dialect(record), raw, out)
        if error := extra.get("error"):
            if not ended:
                self._unfinished.add(0)  # whatever the finish reason is
            raise provider_error(error)

    @override
    def response(self) -> dict[str, JSON]:
        response = super().response()
        if self._x_groq:
            kept = {key: value for key, value in self._x_groq.items() if key not in _OF_STREAMS}
            response["x_groq"] = kept
        if breakdown := self._x_groq.get("usage_breakdown"):
            response["usage_breakdown"] = breakdown
        return response


def _replace(known: list[Mergeable], tools: list[JSON]) -> None:
    for tool in tools:
        if isinstance(tool, dict):
            index = tool.get("index")
            told = cast("dict[str, Mergeable]", tool)
            same = (one for one in known if isinstance(one, dict) and one.get("index") == index)
            if index is not None and (before := next(same, None)) is not None:
                before.update(told)
            else:
                known.append(dict(told))
