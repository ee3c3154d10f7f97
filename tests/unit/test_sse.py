"""The decoder of server-sent events, fed by hand and by hypothesis."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from mirascope.core._wire.sse import EventTooLargeError, SSEDecoder


def decode(*blocks: bytes) -> list[bytes]:
    decoder = SSEDecoder()
    return [event for block in blocks for event in decoder.feed(block)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: one\n\n", [b"one"]),
        (b"data:one\n\n", [b"one"]),
        (b"data:  one\n\n", [b" one"]),
        (
            b"data: one\r\n\r\ndata: two\r\rdata: three\n\n",
            [b"one", b"two", b"three"],
        ),
        (b"data: one\r\ndata: two\r\n\r\n", [b"one\ntwo"]),
        (b"\xef\xbb\xbfdata: one\n\n", [b"one"]),
        (b": comment\n\ndata: one\n: comment\n\n", [b"one"]),
        (b"data: one\ndata\ndata:two\n\n", [b"one\n\ntwo"]),
        (b"event: ping\ndata: {}\n\n", [b"{}"]),
        (b"data: {}\nevent: late\nid: 1\nretry: 5\nother: x\n\n", [b"{}"]),
        (b"event: nothing\n\ndata: one\n\n", [b"one"]),
        (b"data:\n\n", [b""]),
        (b"\n\n\n\ndata: one\n\n\n\n\ndata: two\n\n", [b"one", b"two"]),
        (b"data: [DONE]\n\n", [b"[DONE]"]),
        (b"data: one\n\ndata: unfinished", [b"one"]),
        (b"data: one\n\ndata: unfinished\n", [b"one"]),
        (b"datapoint: one\n\n", []),
        (b"", []),
    ],
)
def test_events_are_decoded_as_the_standard_defines(stream: bytes, events: list[bytes]) -> None:
    assert decode(stream) == events
    assert decode(*(stream[i : i + 1] for i in range(len(stream)))) == events


LINE_ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])
LINES = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=9).map(str.encode)
EVENTS = st.lists(
    st.tuples(LINES.map(bytes.strip), st.lists(LINES, min_size=1, max_size=3)), max_size=6
)


@given(EVENTS, st.data())
def test_any_events_are_decoded_however_they_are_cut(
    events: list[tuple[bytes, list[bytes]]], data: st.DataObject
) -> None:
    stream = b""
    for name, lines in events:
        end = data.draw(LINE_ENDS)
        comment = b": " + data.draw(LINES) + end if data.draw(st.booleans()) else b""
        stream += comment + b"event: " + name + end
        stream += b"".join(b"data: " + line + end for line in lines) + end
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=9)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected = [b"\n".join(lines) for _, lines in events]
    assert decode(*pieces) == expected


@given(st.binary(max_size=60), st.integers(1, 9))
def test_any_bytes_are_read_the_same_however_they_are_cut(stream: bytes, size: int) -> None:
    assert decode(stream) == decode(*(stream[i : i + size] for i in range(0, len(stream), size)))


def test_an_event_may_not_be_larger_than_the_bound() -> None:
    decoder = SSEDecoder(max_event_bytes=10)
    assert decoder.feed(b"data: 0123456789\n\n") == [b"0123456789"]
    with pytest.raises(EventTooLargeError, match="10 bytes"):
        SSEDecoder(max_event_bytes=10).feed(b"data: 0123456789x\n\n")


def test_an_endless_event_does_not_lose_the_events_before_it() -> None:
    decoder = SSEDecoder(max_event_bytes=10)
    assert decoder.feed(b"data: good\n\ndata: without end") == [b"good"]
    with pytest.raises(EventTooLargeError):
        decoder.feed(b"x")


def test_the_work_is_linear_however_finely_the_bytes_are_cut() -> None:
    def decoding(size: int) -> Callable[[], None]:
        stream = b"data: " + b"x" * size + b"\n\n"
        decoder = SSEDecoder()

        def decode_pieces() -> None:
            for i in range(0, len(stream), 10):
                decoder.feed(stream[i : i + 10])

        return decode_pieces

    assert_linear(decoding, 100_000)


MIB = 2**20


SAYING_NOTHING = {"comments": b": ping\n\n", "events": b"data:\n\n"}


saying_nothing = pytest.mark.parametrize("filler", SAYING_NOTHING.values(), ids=SAYING_NOTHING)


@saying_nothing
def test_a_million_empty_events_take_no_memory(filler: bytes) -> None:
    decoder = SSEDecoder()
    for _ in range(500):
        assert not [data for data in decoder.feed(filler * 2000) if data]
    tracemalloc.start(1)
    try:
        assert not [data for data in decoder.feed(filler * 20_000) if data]
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
