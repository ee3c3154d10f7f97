"""Images, audio and documents of a prompt as parts of a message.

A source is bytes, a path (a string or a `Path`), a URL, a Pillow image, a pydub segment or an
object that `wave.open` returns for reading. ``http``, ``https`` and ``gs`` URLs stay URLs: the
provider fetches them. ``data`` and ``file`` URLs and paths are read here. The media type is
detected from the first bytes.

A string may be untrusted input, such as of a user of a web page. Therefore strings that name local
files can be forbidden, for a call or for the process, and no error shows the content of a file. A
`Path` can only come from the program itself, and is always read.
"""

from __future__ import annotations

import base64
import errno
import io
import os
import re
import stat
import wave
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final, TypeAlias, cast
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from mirascope.core._prompts.message_param import (
    AudioPart,
    AudioURLPart,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    Part,
    TextPart,
)
from mirascope.core._types import AudioSegment, Image, WaveFile

Media: TypeAlias = Image | AudioSegment | WaveFile
"""An object of a media library."""

Piece: TypeAlias = str | Part | Media
"""A value that becomes one part of a message."""

_KEPT_FORMATS: Final = frozenset({"GIF", "JPEG", "PNG", "WEBP"})
_REMOTE: Final = frozenset({"http", "https", "gs"})

_LOCAL_FILES: Final = "MIRASCOPE_LOCAL_FILES"
_REFUSED: Final = (
    "is a text that names a local file, but `local_files=False` or the environment variable "
    f"{_LOCAL_FILES} forbids that: pass the bytes of the file, or a pathlib.Path"
)
_local_files: ContextVar[bool | None] = ContextVar("_local_files", default=None)

_Signatures: TypeAlias = Mapping[str, re.Pattern[bytes]]


def _signatures(**media_types: bytes) -> _Signatures:
    return {name: re.compile(magic, re.DOTALL) for name, magic in media_types.items()}


_IMAGES: Final = _signatures(
    jpeg=rb"\xff\xd8\xff",
    png=rb"\x89PNG\r\n\x1a\n",
    gif=rb"GIF8[79]a",
    webp=rb"RIFF.{4}WEBP",
    heic=rb".{4}ftyphe[iv][cx]",
    heif=rb".{4}ftyp(?:mif1|msf1|hei[ms]|hev[ms])",
)
_AUDIO: Final = _signatures(
    wav=rb"RIFF.{4}WAVE",
    mp3=rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]",
    aiff=rb"FORM.{4}AIF[FC]",
    aac=rb"\xff[\xf0\xf1\xf8\xf9]",
    ogg=rb"OggS",
    flac=rb"fLaC",
)
_DOCUMENTS: Final = _signatures(pdf=rb"%PDF-")


@contextmanager
def local_files(allowed: bool | None) -> Generator[None]:  # noqa: FBT001  # the option of a call
    """Set whether a string may name a local file within this context; ``None`` changes nothing."""
    if allowed is None:
        yield
        return
    before = _local_files.get()
    _local_files.set(allowed)
    try:
        yield
    finally:
        _local_files.set(before)


def _local_files_allowed() -> bool:
    allowed = _local_files.get()
    return os.environ.get(_LOCAL_FILES, "ENABLED") == "ENABLED" if allowed is None else allowed


def part_of(piece: object) -> Part:
    """Return the part for a value.

    Raises:
        ValueError: The value is no `Piece`.
    """
    if isinstance(piece, Part):
        return piece
    if isinstance(piece, str):
        return TextPart(text=piece)
    if isinstance(piece, Image):
        return image_part(piece)
    if isinstance(piece, AudioSegment | WaveFile):
        return audio_part(piece)
    raise ValueError(
        f"a message cannot have the content {type(piece).__name__}: use a text, a part or an image"
    )


def text_part(source: object) -> TextPart:
    """Return a string as a part."""
    if not isinstance(source, str):
        raise ValueError(f"text must be a string, not {type(source).__name__}")  # noqa: TRY004
    return TextPart(text=source)


def image_part(source: object, detail: str | None = None) -> ImagePart | ImageURLPart:
    """Return an image as a part.

    Args:
        source: The image; see the module's docstring.
        detail: The level of detail, such as ``"low"``.

    Raises:
        ValueError: The data is no image of a supported type, the path is no regular file, or the
            source is a string that names a local file where that is forbidden.
        OSError: The file cannot be read.
    """
    if url := _remote_url(source):
        return ImageURLPart(url=url, detail=detail)
    data = _encode_image(source) if isinstance(source, Image) else _read(source)
    return ImagePart(media_type=_media_type("image", data, _IMAGES), image=data, detail=detail)


def audio_part(source: object) -> AudioPart | AudioURLPart:
    """Return audio as a part; see `image_part`."""
    if url := _remote_url(source):
        return AudioURLPart(url=url)
    if isinstance(source, AudioSegment):
        stream = io.BytesIO()
        source.export(stream, "wav")
        data = stream.getvalue()
    else:
        data = _read_wave(source) if isinstance(source, WaveFile) else _read(source)
    return AudioPart(media_type=_media_type("audio", data, _AUDIO), audio=data)


def document_part(source: object) -> DocumentPart | DocumentURLPart:
    """Return a document as a part; see `image_part`."""
    if url := _remote_url(source):
        return DocumentURLPart(url=url)
    data = _read(source)
    return DocumentPart(media_type=_media_type("application", data, _DOCUMENTS), document=data)


def data_of(url: str) -> tuple[str, bytes]:
    """Return the media type and the data of a ``data`` URL."""
    head, _, data = url.removeprefix("data:").partition(",")
    media_type, *options = head.split(";")
    raw = unquote_to_bytes(data)
    return media_type, base64.b64decode(raw) if "base64" in options else raw


def _remote_url(source: object) -> str | None:
    """Return a URL that the provider fetches; ``None`` for any other source."""
    return source if isinstance(source, str) and _scheme(source) in _REMOTE else None


def _scheme(source: str) -> str:
    return source[:8].partition(":")[0].lower()


def _read(source: object) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(cast("bytes", source))
    if isinstance(source, Path):
        return _read_file(source)
    if not isinstance(source, str):
        raise ValueError(f"needs bytes, a path or a URL, not {type(source).__name__}")  # noqa: TRY004
    if _scheme(source) == "data":
        return data_of(source)[1]
    if not _local_files_allowed():
        raise ValueError(_REFUSED)
    if _scheme(source) == "file":
        source = url2pathname(urlsplit(source).path)
    return _read_file(Path(source))


def _read_file(path: Path) -> bytes:
    """Read a regular file; a directory, device or pipe, which may be endless, is an error."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise ValueError("is too long for a path or a URL; pass data as bytes") from None
    if not stat.S_ISREG(mode):
        raise ValueError(f"is not a regular file: {str(path)!r}")
    return path.read_bytes()


def _media_type(family: str, data: bytes, signatures: _Signatures) -> str:
    for name, magic in signatures.items():
        if magic.match(data):
            return f"{family}/{name}"
    raise ValueError(
        f"has an unknown format; supported: {', '.join(signatures)} ({len(data)} bytes)"
    )


def _encode_image(image: Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, image.format if image.format in _KEPT_FORMATS else "PNG")
    return stream.getvalue()


def _read_wave(source: WaveFile) -> bytes:
    """Return all of a WAV file, whatever its position, which does not change."""
    position = source.tell()
    source.rewind()
    stream = io.BytesIO()
    with wave.open(stream, "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(source.getnframes()))
    source.setpos(position)
    return stream.getvalue()
