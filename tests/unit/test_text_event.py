"""Only the text of an event that repeats another one is decoded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from mirascope.core._wire.text_events import TextEvent

RECORD = {"type": "delta", "index": 0, "delta": {"type": "text_delta", "text": "one"}}
DATA = json.dumps(RECORD, separators=(",", ":")).encode()
EVENT = TextEvent.of(DATA)


def with_text(text: str) -> dict[str, object]:
    return {**RECORD, "delta": {"type": "text_delta", "text": text}}


@given(text=st.text(st.characters(exclude_categories=["Cs"])), ascii_only=st.booleans())
def test_any_text_is_decoded(text: str, *, ascii_only: bool) -> None:
    data = json.dumps(with_text(text), separators=(",", ":"), ensure_ascii=ascii_only).encode()
    assert EVENT.text_of(data) == text
    assert EVENT.text_of(data[:-1] + b"   }") == text


@settings(max_examples=500)
@given(
    start=st.integers(0, len(DATA)),
    size=st.integers(0, 12),
    inserted=st.text('"\\ ,:{}[]ax1').map(str.encode),
)
def test_no_other_event_is_taken_for_a_repetition(start: int, size: int, inserted: bytes) -> None:
    data = DATA[:start] + inserted + DATA[start + size :]
    text = EVENT.text_of(data)
    if text is not None:
        assert from_json(data) == with_text(text)


@pytest.mark.parametrize(
    "data",
    [
        b'{"text":"one","delta":{"text":"one"}}',
        b'{"delta":"one"}',
        b'{"text":1}',
        b'{"text":"one","n":"two"}',
        b"{}",
    ],
)
def test_an_event_whose_text_is_not_clear_has_no_repetition(data: bytes) -> None:
    assert TextEvent.of(data).text_of(data) is None
