"""Small types that several modules share."""

from __future__ import annotations

from typing import IO, Literal, Protocol, TypeAlias, runtime_checkable

StreamState: TypeAlias = Literal["pending", "open", "finished", "truncated", "closed", "failed"]
"""Where a stream is: not begun; being read; ended by itself; cut off though the connection ended
in good order; closed by the user; ended by an error."""


@runtime_checkable
class Image(Protocol):
    """An image of Pillow, or what is like one."""

    @property
    def format(self) -> str | None:
        """The format of the file that it was read from, such as ``"PNG"``."""

    def getbands(self) -> tuple[str, ...]:
        """Return the names of its bands."""
        ...

    def save(self, file: IO[bytes], format_: str, /) -> None:
        """Write it to a file."""


@runtime_checkable
class AudioSegment(Protocol):
    """A segment of sound of pydub, or what is like one."""

    @property
    def frame_rate(self) -> int:
        """Its frames in one second."""
        ...

    def export(self, file: IO[bytes], format_: str, /) -> object:
        """Write it to a file."""
