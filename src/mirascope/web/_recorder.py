"""The encoder of a log: an event is a line of JSON, a method of the encoder and its values.

``_recorded.py`` reads the lines again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from typing_extensions import override

from mirascope.core import BaseMessageParam
from mirascope.web._encoder import Encoder, End, to_json
from mirascope.web._failures import OnError, shown

ENDS: Final = frozenset({"finish", "abort", "error"})
"""The names of the events that end a response."""

END_LINES: Final = tuple(f'["{name}"'.encode() for name in sorted(ENDS))
"""What the lines of such events begin with."""

RESPONSE: Final = b'["response",'
"""What the event begins with that has the provider's id for the response; readers skip it."""

PLAIN: Final = (
    *("start", "begin_step", "end_step", "begin_text", "end_text"),
    *("begin_reasoning", "reasoning", "end_reasoning", "restart", "json_delta"),
    *("begin_tool", "tool_delta", "tool", "tool_failed", "output", "output_failed", "approval"),
)
"""The events whose values JSON holds as they are."""

_JOINED: Final = (b'["text","', b'["reasoning","', b'["json_delta","')
"""What such events begin with can be joined: their only value is a text."""


class Recorder(Encoder):
    """Writes the lines of a log.

    Args:
        on_error: Makes the text of an error; by default it has nothing that only the server should
            know.
    """

    headers: ClassVar = {}
    ping: ClassVar = b""

    def __init__(self, on_error: OnError | None = None) -> None:
        self._on_error = on_error
        self._status = 500

    def text_of(self, error: Exception) -> str:
        """Return the text of an error."""
        known = shown(error)
        self._status = known.status
        return known.text if self._on_error is None else self._on_error(error)

    @override
    def text(self, delta: str) -> bytes:
        return b'["text",%b]\n' % to_json(delta)

    @override
    def value(self, value: bytes, *, complete: bool) -> bytes:
        return b'["value",%b,%b]\n' % (value, b"true" if complete else b"false")

    @override
    def message(self, message: BaseMessageParam) -> bytes:
        return _line("message", message.model_dump(mode="json"))

    @override
    def finish(self, end: End) -> bytes:
        return _line("finish", end.reason, end.usage, end.model, end.provider)

    @override
    def abort(self) -> bytes:
        return _line("abort")

    @override
    def error(self, text: str) -> bytes:
        return _line("error", text, self._status)


def _line(*event: object) -> bytes:
    return to_json(event) + b"\n"


def _writer(name: str) -> Callable[..., bytes]:
    def write(_: Recorder, *values: object) -> bytes:
        return _line(name, *values)

    return write


for _name in (*PLAIN, "source", "file"):
    setattr(Recorder, _name, _writer(_name))


def response_line(response_id: str) -> bytes:
    """Return the event that has the provider's id for the response."""
    return _line("response", response_id)


def text_of_line(line: bytes) -> tuple[bytes, str]:
    r"""Return what an event that can be joined begins with, and its text; ``b""`` for others.

    >>> text_of_line(b'["text","a"]\n')
    (b'["text","', 'a')
    """
    head = next((each for each in _JOINED if line.startswith(each)), b"")
    return head, json.loads(line)[1] if head else ""


def text_line(head: bytes, text: str) -> bytes:
    """Return an event that can be joined; see `text_of_line`."""
    return head[:-1] + to_json(text) + b"]\n"


def joined(lines: Sequence[bytes]) -> list[bytes]:
    r"""Return lines with the texts that follow one another as one.

    >>> joined([b'["text","a"]\n', b'["text","b"]\n', b'["end_text"]\n'])
    [b'["text","ab"]\n', b'["end_text"]\n']
    """
    out: list[bytes] = []
    for line in lines:
        before = out[-1] if out else b""
        head = next((each for each in _JOINED if line.startswith(each)), None)
        if head is not None and before.startswith(head):
            out[-1] = before[:-3] + line[len(head) :]
        else:
            out.append(line)
    return out
