"""Only the text of an event that repeats another one is decoded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from mirascope.core._engine.decoder import TextEvent

SPACED = b'{"type":"delta","index":0,"delta":{"type":"text_delta","text":"one"}  }'
LETTERED = b'{"id":"x","choices":[{"delta":{"content":"one"},"n":null}],"obfuscation":"aB_3"}'
PLAIN = b'{"choices": [{"delta": {"content": "one"}, "logprobs": null}], "model": "m"}'
padded = pytest.mark.parametrize("data", [SPACED, LETTERED, PLAIN], ids=["a", "b", "c"])


def unpadded(data: bytes) -> dict[str, object]:
    return {**from_json(data), "obfuscation": ""}


@padded
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), ascii_only=st.booleans())
def test_any_text_is_decoded(data: bytes, text: str, *, ascii_only: bool) -> None:
    other = data.replace(b'"one"', json.dumps(text, ensure_ascii=ascii_only).encode())
    assert TextEvent.of(data, "one").text_of(other) == text


@pytest.mark.parametrize(
    ("data", "other"),
    [
        (SPACED, SPACED.replace(b"  }", b"}")),
        (SPACED, SPACED.replace(b"  }", b"        }")),
        (LETTERED, LETTERED.replace(b"aB_3", b"")),
        (LETTERED, LETTERED.replace(b"aB_3", b"x" * 20)),
    ],
)
def test_padding_may_differ(data: bytes, other: bytes) -> None:
    assert TextEvent.of(data, "one").text_of(other) == "one"


@padded
@settings(max_examples=300)
@given(
    start=st.integers(0, len(LETTERED)),
    size=st.integers(0, 12),
    inserted=st.text('"\\ ,:{}[]ax1').map(str.encode),
)
def test_no_other_event_is_taken_for_a_repetition(
    data: bytes, start: int, size: int, inserted: bytes
) -> None:
    other = data[:start] + inserted + data[start + size :]
    text = TextEvent.of(data, "one").text_of(other)
    if text is not None:
        again = data.replace(b'"one"', json.dumps(text).encode())
        assert unpadded(other) == unpadded(again)


def test_an_empty_text_is_none() -> None:
    assert TextEvent.of(PLAIN, "one").text_of(PLAIN.replace(b"one", b"")) is None


def test_an_event_with_another_text_than_was_read_has_no_repetition() -> None:
    assert TextEvent.of(PLAIN, "two").text_of(PLAIN) is None


@pytest.mark.parametrize(
    "data",
    [
        b'{"text":"one","delta":{"text":"one"}}',
        b'{"delta":"one"}',
        b'{"text":1}',
        b'{"text":"one"',
        b"{}",
    ],
)
def test_an_event_whose_text_is_not_clear_has_no_repetition(data: bytes) -> None:
    assert TextEvent.of(data, "one").text_of(data) is None
