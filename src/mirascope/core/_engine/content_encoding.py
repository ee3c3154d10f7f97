"""Content codings of an HTTP body, undone piece by piece.

A few bytes may unfold to thousands of times as many. HTTP libraries unfold at once what one read
gives, or most of them do; here no more than about `PIECE_BYTES` is unfolded before it is used.
gzip and deflate are known always, brotli and Zstandard where a package for them is installed that
can stop halfway. What else there is stays with the HTTP library.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import chain
from typing import Any, Final, TypeAlias

from mirascope.core._wire.events import MalformedEventError

PIECE_BYTES: Final = 64 * 1024
_MAX_CODINGS: Final = 4
_WINDOW_BITS: Final = 23
"""The largest window of Zstandard that HTTP allows (RFC 9659): 8 MiB."""

Unpack: TypeAlias = Callable[[bytes], Iterator[bytes]]
"""Undoes codings: takes the next bytes of a body and gives, in pieces, what they unfold to."""


class ContentCodingError(MalformedEventError):
    """A body is not what its content codings say."""

    def __init__(self, problem: object) -> None:
        super().__init__(f"the body does not fit its content coding ({problem})")


def unpacker(header: str) -> Unpack | None:
    """Return what undoes the codings that a header names.

    Returns:
        ``None`` if there are none, or one of them is not known here.
    """
    names = [name for each in header.lower().split(",") if (name := each.strip()) != "identity"]
    if not header or not all(name in _UNPACKERS for name in names):
        return None
    steps: list[Unpack] = []
    for name in reversed(names[:_MAX_CODINGS]):
        step = _UNPACKERS[name]()
        if step is None:
            return None
        steps.append(step)

    def unpack(block: bytes) -> Iterator[bytes]:
        if len(names) > _MAX_CODINGS:
            raise ContentCodingError(f"{len(names)} codings one upon the other")
        pieces: Iterable[bytes] = (block,)
        for step in steps:
            pieces = chain.from_iterable(map(step, pieces))
        return iter(pieces)

    return unpack


def _with_errors(unpack: Unpack, error: type[Exception]) -> Unpack:
    def checked(block: bytes) -> Iterator[bytes]:
        try:
            yield from unpack(block)
        except error as problem:
            raise ContentCodingError(problem) from None

    return checked


class _Inflate:
    """Undoes gzip, of which several may follow one another, and deflate.

    Args:
        wbits: Returns the form, in the terms of `zlib`, given the first two bytes.
    """

    def __init__(self, wbits: Callable[[bytes], int]) -> None:
        self._wbits = wbits
        self._inflating: Any = None
        self._head = b""

    def __call__(self, block: bytes) -> Iterator[bytes]:
        while block:
            if self._inflating is None:
                self._head += block
                if len(self._head) < 2:  # noqa: PLR2004  # see above
                    return
                self._inflating = zlib.decompressobj(self._wbits(self._head))
                block, self._head = self._head, b""
            while piece := self._inflating.decompress(block, PIECE_BYTES):
                yield piece
                block = self._inflating.unconsumed_tail
            if not self._inflating.eof:
                return
            block, self._inflating = self._inflating.unused_data, None


def _gzip() -> Unpack:
    return _with_errors(_Inflate(lambda _: 16 + zlib.MAX_WBITS), zlib.error)


def _deflate() -> Unpack:
    """Undo deflate as the standard means it, in a zlib wrapper, and as some send it, without."""

    def wbits(head: bytes) -> int:
        is_wrapped = head[0] & 15 == zlib.DEFLATED and int.from_bytes(head[:2]) % 31 == 0
        return zlib.MAX_WBITS if is_wrapped else -zlib.MAX_WBITS

    return _with_errors(_Inflate(wbits), zlib.error)


def _brotli() -> Unpack | None:
    brotli = _first_of("brotli")
    if not hasattr(getattr(brotli, "Decompressor", None), "can_accept_more_data"):
        return None  # a version that cannot stop halfway
    process = brotli.Decompressor().process

    def unpack(block: bytes) -> Iterator[bytes]:
        while piece := process(block, output_buffer_limit=PIECE_BYTES):
            yield piece
            block = b""

    return _with_errors(unpack, brotli.error)


def _zstd() -> Unpack | None:
    if zstd := _first_of("compression.zstd", "backports.zstd"):
        limit = {zstd.DecompressionParameter.window_log_max: _WINDOW_BITS}
        frames = _Frames(lambda: zstd.ZstdDecompressor(options=limit))
        return _with_errors(frames, zstd.ZstdError)
    if zstandard := _first_of("zstandard"):
        unzip = zstandard.ZstdDecompressor(max_window_size=2**_WINDOW_BITS)
        unpack = _by_spoonfuls(unzip.decompressobj(read_across_frames=True).decompress)
        return _with_errors(unpack, zstandard.ZstdError)
    return None


class _Frames:
    """Undoes Zstandard, frame by frame."""

    def __init__(self, new: Callable[[], Any]) -> None:
        self._new = new
        self._frame = new()

    def __call__(self, block: bytes) -> Iterator[bytes]:
        while True:
            if piece := self._frame.decompress(block, PIECE_BYTES):
                yield piece
            block = b""
            if self._frame.eof:
                block, self._frame = self._frame.unused_data, self._new()
                if not block:
                    return
            elif self._frame.needs_input:
                return


def _by_spoonfuls(decompress: Callable[[bytes], bytes]) -> Unpack:
    """Undo Zstandard by what cannot stop halfway: four of its bytes are 128 KiB at most."""
    size = 16

    def unpack(block: bytes) -> Iterator[bytes]:
        for start in range(0, len(block), size):
            if piece := decompress(block[start : start + size]):
                yield piece

    return unpack


def _first_of(*names: str) -> Any:
    """Return the first of some modules that is installed, if any is."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


_UNPACKERS: Final[dict[str, Callable[[], Unpack | None]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
