"""Content encodings are decoded in small pieces, whatever is in them and however it was cut."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest

from mirascope.core._engine.content_encoding import PART_BYTES, ContentEncodingError, decompressor
from mirascope.testing.loopback import in_pieces

Pack = Callable[[bytes], bytes]


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def in_two(pack: Pack) -> Pack:
    return lambda data: pack(data[:100]) + pack(data[100:])


CODINGS: dict[str, tuple[str, Pack]] = {
    "gzip": ("gzip", gzip.compress),
    "two-gzips": ("x-gzip", in_two(gzip.compress)),
    "deflate": ("deflate", zlib.compress),
    "raw-deflate": ("Deflate", raw_deflate),
    "both": ("gzip, deflate", lambda data: zlib.compress(gzip.compress(data))),
    "none": ("identity", bytes),
}
coded = pytest.mark.parametrize(("header", "pack"), CODINGS.values(), ids=CODINGS)


def unpacked(header: str, pieces: list[bytes]) -> list[bytes]:
    unpack = decompressor(header)
    assert unpack is not None
    return [part for piece in pieces for part in unpack(piece)]


@coded
@pytest.mark.parametrize("size", [1, 2, 7, 10**6])
def test_what_was_encoded_is_decoded(header: str, pack: Pack, size: int) -> None:
    data = b"".join(b"data: %d\n\n" % number for number in range(5000))
    assert b"".join(unpacked(header, in_pieces(pack(data), size))) == data


@coded
def test_a_cut_off_body_is_decoded_as_far_as_it_was_received(header: str, pack: Pack) -> None:
    data = b"".join(b"data: %d\n\n" % (number * 7919) for number in range(5000))
    packed = pack(data)
    assert data.startswith(b"".join(unpacked(header, [packed[: len(packed) // 2]])))


@pytest.mark.parametrize("name", [name for name in CODINGS if name != "none"])
def test_a_bomb_is_decoded_in_small_pieces(name: str) -> None:
    header, pack = CODINGS[name]
    unpack = decompressor(header)
    assert unpack is not None
    sizes = [len(piece) for piece in unpack(pack(bytes(2**23)))]
    assert sum(sizes) == 2**23
    assert max(sizes) <= 2 * PART_BYTES


@pytest.mark.parametrize("header", ["gzip", "deflate", "gzip, gzip"])
def test_a_body_that_is_not_in_its_encoding_is_an_error(header: str) -> None:
    with pytest.raises(ContentEncodingError, match="content encoding"):
        unpacked(header, [b"x\x9cgarbage" * 99])


def test_too_many_encodings_are_an_error() -> None:
    with pytest.raises(ContentEncodingError, match="50 content encodings"):
        unpacked(", ".join(["gzip"] * 50), [gzip.compress(b"")])


@pytest.mark.parametrize("header", ["", "utf-8", "br", "zstd", "gzip, aws-chunked"])
def test_an_unknown_encoding_is_left_to_the_http_library(header: str) -> None:
    assert decompressor(header) is None
