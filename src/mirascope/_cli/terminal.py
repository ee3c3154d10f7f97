"""What is read from and written to the terminal, or the pipe in its place."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TYPE_CHECKING, Final

import click

from mirascope.errors import MirascopeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

# A response must not move a terminal's cursor, change its colours or ring its bell.
_SAFE: Final = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)]) | {
    ord(char): char for char in "\n\t"
}


INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, as in shells."""
UNREAD: Final = 141
"""The exit code if the output is no longer read, as in shells."""


class UserError(MirascopeError):
    """What the user passed cannot be used."""


def exit_code(run: Callable[[], int]) -> int:
    """Run a command and return its exit code; errors become one line each."""
    try:
        return run()
    except BrokenPipeError:
        discard_output()
        return UNREAD
    except KeyboardInterrupt:
        report("stopped")
        return INTERRUPTED
    except MirascopeError as error:
        from mirascope._cli.failures import reason  # noqa: PLC0415  # slow, and rarely needed

        report(reason(error))
    except OSError as error:  # such as of a full disk
        report(str(error))
        discard_output()
    return 1


def discard_output() -> None:
    """Discard what was not written: at exit, Python would flush it and report the broken pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def report(text: str) -> None:
    """Print a line on stderr."""
    _replace_errors(sys.stderr)
    line = " ".join(text.split())
    click.echo(f"mirascope: {line.translate(_SAFE)}", err=True)


def is_terminal(file: TextIO | None) -> bool:
    """Return whether a file is a terminal; one that is closed is not."""
    return file is not None and not file.closed and file.isatty()


def can_redraw() -> bool:
    """Return whether the output is a terminal whose cursor can be moved."""
    return is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb"


def text_of(argument: str) -> str:
    """Return an argument as text, without the bytes that are none, which cannot be sent.

    Where the locale's encoding is not UTF-8, an argument in UTF-8 has its bytes as surrogates.
    """
    try:
        return os.fsencode(argument).decode()
    except UnicodeError:
        return argument.encode(errors="replace").decode()


def piped() -> str:
    """Return what is piped in."""
    if sys.stdin is None or is_terminal(sys.stdin):
        return ""
    read_as_text(sys.stdin)
    return sys.stdin.read()


def read_as_text(file: TextIO) -> None:
    """Read a file in its encoding, or in UTF-8 where that is ASCII; replace what is no text."""
    if isinstance(file, io.TextIOWrapper):
        is_ascii = codecs.lookup(file.encoding).name == "ascii"
        file.reconfigure(encoding="utf-8" if is_ascii else None, errors="replace")


def _replace_errors(file: TextIO) -> None:
    """Replace characters that the file's encoding lacks, such as half an emoji."""
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="replace")


class Output:
    """Standard output, which is flushed at each write and whose last line is ended at the end."""

    def __init__(self) -> None:
        if sys.stdout is None:
            raise UserError("there is no standard output")
        self._file = sys.stdout
        self._shown = _SAFE if is_terminal(sys.stdout) else {}
        self._last = "\n"
        _replace_errors(sys.stdout)

    def write(self, text: str) -> None:
        """Write a text, without what would control a terminal."""
        if text := text.translate(self._shown):
            self._last = text
            self._file.write(text)
            self._file.flush()

    def end_line(self) -> None:
        """End the line that was begun."""
        if not self._last.endswith("\n"):
            self._last = "\n"
            self._file.write("\n")
            self._file.flush()

    def write_bytes(self, data: bytes) -> None:
        """Write UTF-8, whatever the locale."""
        self._file.buffer.write(data)
        self._file.buffer.flush()
