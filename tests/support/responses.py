"""Responses in small pieces: with a text, or with the call of a response model's tool."""

from __future__ import annotations

from mirascope.testing.conformance import CallDelta, CallEnd, CallStart, Step
from support.cases import Case


def calling(case: Case, name: str, arguments: str, size: int = 3) -> list[bytes]:
    """Return a response that calls the tool of a response model, in small fragments."""
    pieces = [arguments[at : at + size] for at in range(0, len(arguments), size)]
    steps: list[Step] = [CallStart(0, name), *(CallDelta(0, piece) for piece in pieces), CallEnd(0)]
    return case.tool_call_response(*steps)


def saying(case: Case, text: str, size: int = 3) -> list[bytes]:
    """Return a response in text, in small fragments."""
    return case.response(*(text[at : at + size] for at in range(0, len(text), size)))
