"""Decompression of an HTTP body, in parts of bounded size.

A few bytes may decompress to thousands of times as many, and most HTTP libraries decompress each
read at once. Here no more than about `PART_BYTES` are decompressed before they are used. That holds
for gzip and deflate, the only encodings that default clients accept; others are left to the HTTP
library.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final, TypeAlias

from mirascope.core._wire.events import MalformedEventError

ACCEPT_ENCODING: Final = {"Accept-Encoding": "gzip, deflate"}
"""The header of default clients."""

PART_BYTES: Final = 64 * 1024
_MAX_ENCODINGS: Final = 4

Decompress: TypeAlias = Callable[[bytes], Iterator[bytes]]
"""Takes the next bytes of a body and yields, in parts, what they decompress to."""


class ContentEncodingError(MalformedEventError):
    """A body does not fit its content encoding."""

    def __init__(self, problem: object) -> None:
        super().__init__(f"the body does not fit its content encoding ({problem})")


def decompressor(header: str) -> Decompress | None:
    """Return a function that decompresses a body.

    Args:
        header: The value of ``Content-Encoding``.

    Returns:
        ``None`` if there is no encoding, or one of them is neither gzip nor deflate.
    """
    names = [name for each in header.lower().split(",") if (name := each.strip()) != "identity"]
    if not header or not all(name in _WINDOW_BITS for name in names):
        return None
    steps = [_Inflate(_WINDOW_BITS[name]) for name in reversed(names[:_MAX_ENCODINGS])]

    def decompress(block: bytes) -> Iterator[bytes]:
        if len(names) > _MAX_ENCODINGS:
            raise ContentEncodingError(
                f"{len(names)} content encodings; at most {_MAX_ENCODINGS} are supported"
            )
        parts: Iterable[bytes] = (block,)
        for step in steps:
            parts = chain.from_iterable(map(step, parts))
        return iter(parts)

    return decompress


class _Inflate:
    """Decompresses gzip, of which several members may follow one another, or deflate.

    Args:
        window_bits: Returns the format, as ``wbits`` of `zlib`, given the first two bytes.
    """

    def __init__(self, window_bits: Callable[[bytes], int]) -> None:
        self._window_bits = window_bits
        self._zlib: Any = None
        self._head = b""

    def __call__(self, block: bytes) -> Iterator[bytes]:
        try:
            yield from self._inflate(block)
        except zlib.error as problem:
            raise ContentEncodingError(problem) from None

    def _inflate(self, block: bytes) -> Iterator[bytes]:
        while block:
            if self._zlib is None:
                self._head += block
                if len(self._head) < 2:  # noqa: PLR2004  # see above
                    return
                self._zlib = zlib.decompressobj(self._window_bits(self._head))
                block, self._head = self._head, b""
            while part := self._zlib.decompress(block, PART_BYTES):
                yield part
                block = self._zlib.unconsumed_tail
            if not self._zlib.eof:
                return
            block, self._zlib = self._zlib.unused_data, None


def _gzip(_: bytes) -> int:
    return 16 + zlib.MAX_WBITS


def _deflate(head: bytes) -> int:
    """Accept deflate with a zlib header, as the standard has it, and without, as some send it."""
    is_wrapped = head[0] & 15 == zlib.DEFLATED and int.from_bytes(head[:2]) % 31 == 0
    return zlib.MAX_WBITS if is_wrapped else -zlib.MAX_WBITS


_WINDOW_BITS: Final[dict[str, Callable[[bytes], int]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
}
