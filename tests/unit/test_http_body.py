"""A body in chunks is read the same however its bytes were cut."""

from __future__ import annotations

import contextlib
from http.client import HTTPException
from itertools import repeat

from hypothesis import given
from hypothesis import strategies as st

from mirascope.core._transports.http_body import ChunkedBody


def in_chunks(pieces: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


@given(st.lists(st.binary(min_size=1, max_size=40)), st.lists(st.integers(1, 9)))
def test_chunks_can_be_cut_anywhere(pieces: list[bytes], sizes: list[int]) -> None:
    data = in_chunks(pieces) + b"0\r\nTrailer: x\r\n\r\nand more"
    end = len(data) - len(b"and more")
    chunks, body, at = ChunkedBody(), b"", 0
    for size in [*sizes, *repeat(3, len(data))]:
        if chunks.ended:
            break
        body += chunks.feed(data[at : at + size])
        at += size
        assert chunks.ended == (at >= end)
        assert b"".join(pieces).startswith(body)
    assert body == b"".join(pieces)
    assert chunks.excess == data[end:at]


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1))
def test_all_of_a_chunk_that_was_received_is_returned(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    chunks, body = ChunkedBody(), b""
    chunks.feed(b"%x\r\n" % len(whole))
    for piece in pieces:
        body += chunks.feed(piece)
        assert whole.startswith(body)
    assert body == whole


@given(st.lists(st.binary(min_size=1, max_size=9)))
def test_any_bytes_are_chunks_or_an_http_error(blocks: list[bytes]) -> None:
    chunks = ChunkedBody()
    with contextlib.suppress(HTTPException):
        for block in blocks:
            chunks.feed(block)
