"""The last line: what is known of the response."""

from __future__ import annotations

import time
from typing import Final, Literal, NamedTuple, TypeAlias

from mirascope.show._clean import clean
from mirascope.show._parts import Parts

Tone: TypeAlias = Literal["good", "bad", "open"]

_DOTS: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TURNS: Final = 10
_TEN: Final = 10
_LEAST: Final = 0.0001
_USUAL: Final = frozenset({"stop", "tool_calls"})


class Status(NamedTuple):
    """The last line.

    Attributes:
        state: The state of the stream.
        tone: Whether that is good.
        facts: The rest.
    """

    state: str
    tone: Tone
    facts: list[str]

    def __str__(self) -> str:
        return " · ".join((self.state, *self.facts))


def running(parts: Parts, started: float) -> Status:
    """Return the status of a stream that is being read.

    Args:
        parts: What was received.
        started: When reading began, by `time.monotonic`.
    """
    elapsed = time.monotonic() - started
    dot = _DOTS[int(elapsed * _TURNS) % len(_DOTS)]
    first = parts.stream.time_to_first_chunk
    if first is None:
        return Status(f"{dot} waiting", "open", [_seconds(elapsed)])
    tokens = parts.stream.output_tokens
    count = counted(tokens, "token") if tokens else counted(parts.chunks, "chunk")
    speed = rate(tokens, elapsed) if tokens else rate(parts.chunks, elapsed - first, "chunks")
    return Status(f"{dot} receiving", "open", [_first(first), *speed, count])


def ended(parts: Parts, error: BaseException | None) -> Status:
    """Return the status of a stream that has ended.

    Args:
        parts: What was received.
        error: The error that ended it.
    """
    stream = parts.stream
    state = "failed" if error is not None and stream.state == "finished" else stream.state
    facts: list[str] = []
    if stream.time_to_first_chunk is not None:
        facts.append(_first(stream.time_to_first_chunk))
    if tokens := stream.output_tokens:
        facts += (*rate(tokens, (stream.end_time - stream.start_time) / 1000), counted(tokens))
    elif parts.chunks:
        facts.append(counted(parts.chunks, "chunk"))
    if (cost := stream.cost) is not None:
        facts.append(dollars(cost))
    reasons = stream.finish_reasons or ()
    if reasons and not _USUAL & {*(stream.common_finish_reasons or ())}:
        facts.append(clean(reasons[0]))
    return Status(state, "good" if state == "finished" else "bad", facts)


def dollars(cost: float) -> str:
    """Return an amount of US dollars, with as many digits as it needs."""
    if 0 < cost < _LEAST:
        return f"<${_LEAST}"
    return f"${cost:.2f}" if cost >= 1 else f"${cost:.4f}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"


def _first(seconds: float) -> str:
    return f"{_seconds(seconds)} to first token"


def rate(count: int | None, seconds: float, unit: str = "tokens") -> list[str]:
    """Return a rate as a list of one text; an empty one if there is none."""
    if not count or seconds <= 0:
        return []
    per_second = count / seconds
    return [f"{per_second:,.{0 if per_second >= _TEN else 1}f} {unit}/s"]


def counted(count: int, unit: str = "token") -> str:
    """Return a number of things."""
    return f"{count:,} {unit}{'' if count == 1 else 's'}"
