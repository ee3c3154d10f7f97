"""A terminal that tests look at, and programs that run in one."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
from rich.cells import cell_len
from rich.console import Console
from support.base_install import SOURCES
from support.cases import Driver, without_keys

from mirascope.show import ashow, show

PROGRAMS = Path(__file__).with_name("show_programs.py")

_TOKEN = re.compile(
    r"\x1b\[(?P<private>\??)(?P<number>[\d;]*)(?P<command>[A-Za-z])"
    r"|\x1b\]8;[^\x1b]*\x1b\\|(?P<char>[^\x1b])",
    re.DOTALL,
)


class Terminal:
    """A grid of characters with a cursor; what scrolls off its top is kept.

    It knows the sequences that `mirascope.show` writes, and no others.

    Attributes:
        lines: All lines, the scrolled ones too.
        drawn: How often it showed something: at the end of each synchronized update.
    """

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.width, self.height = width, height
        self.lines: list[list[str]] = [[]]
        self.row = self.column = 0
        self.drawn = 0
        self._joins = False

    def feed(self, text: str) -> None:
        """Write to it.

        Raises:
            ValueError: There is a sequence that it does not know.
        """
        position = 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise ValueError(f"an unknown sequence: {text[position : position + 20]!r}")
            position = found.end()
            if found["char"]:
                self._write(found["char"])
            elif found["command"]:
                self._command(found["private"] + found["command"], found["number"])

    def _command(self, command: str, number: str) -> None:
        if command == "A":
            top = max(0, len(self.lines) - self.height)
            if self.row - int(number or 1) < top:
                raise ValueError("the cursor moves to what has scrolled off")
            self.row -= int(number or 1)
        elif command == "K":
            del self.lines[self.row][self.column :]
        elif command == "J":
            del self.lines[self.row][self.column :]
            del self.lines[self.row + 1 :]
        elif command == "?l":
            self.drawn += 1
        elif command not in {"m", "?h"}:
            raise ValueError(f"an unknown sequence: {command}")

    def _write(self, char: str) -> None:
        if char == "\n":
            self.row, self.column = self.row + 1, 0
        elif char == "\r":
            self.column = 0
        else:
            cells = cell_len(char)
            if not cells or self._joins:  # it belongs to the character before
                self.lines[self.row][-1] += char
                self._joins = char == "\u200d"
                return
            if self.column + cells > self.width:
                self.row, self.column = self.row + 1, 0
            if self.row == len(self.lines):
                self.lines.append([])
            line = self.lines[self.row]
            line += [" "] * (self.column - len(line))
            line[self.column : self.column + cells] = [char, *[""] * (cells - 1)]
            self.column += cells
        if self.row == len(self.lines):
            self.lines.append([])

    @property
    def text(self) -> str:
        """All that is on it, without spaces at the ends of lines."""
        return "\n".join("".join(line).rstrip() for line in self.lines).rstrip("\n")

    def resize(self, width: int) -> None:
        """Wrap the lines anew, as most terminals do."""
        joined = self.lines[: self.row]
        self.lines = [[]]
        self.row = self.column = 0
        self.width = width
        for line in joined:
            self.feed("".join(line).rstrip() + "\n")


class TerminalFile(io.StringIO):
    """A file that is a terminal.

    Attributes:
        terminal: The terminal.
        writes: What was written each time.
    """

    def __init__(self, width: int = 80, height: int = 24) -> None:
        super().__init__()
        self.terminal = Terminal(width, height)
        self.writes: list[str] = []

    def write(self, text: str, /) -> int:
        self.writes.append(text)
        self.terminal.feed(text)
        return len(text)

    def isatty(self) -> bool:
        return True


def console(file: TerminalFile, **options: Any) -> Console:
    terminal = file.terminal
    return Console(
        file=file, force_terminal=True, width=terminal.width, height=terminal.height, **options
    )


def shown(driver: Driver, function: Callable[[str], Any], **options: Any) -> Any:
    """Return the stream of a prompt function, which was shown."""
    if not driver.asynchronous:
        return show(function("fantasy"), **options)

    async def ashown() -> Any:
        return await ashow(function("fantasy"), **options)

    return anyio.run(ashown)


def environment(**variables: str) -> dict[str, str]:
    return without_keys() | {"PYTHONPATH": SOURCES, **variables}


class InTerminal:
    """A program of ``show_programs.py`` in a pseudo-terminal.

    Attributes:
        output: What it has written.
    """

    def __init__(self, *arguments: str, width: int = 80, height: int = 24, **env: str) -> None:
        self._main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, PROGRAMS, *arguments],
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment(**env),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  # no threads
        )
        os.close(other)
        self.output = b""
        self.width, self.height = width, height

    def read_until(self, text: str = "") -> str:
        """Read until a text has come, or to the end."""
        while not text or text.encode() not in self.output:
            poll = select.poll()  # whatever the number of the file
            poll.register(self._main, select.POLLIN)
            assert poll.poll(60_000), self.output
            try:
                data = os.read(self._main, 65536)
            except OSError:  # the end, on Linux
                break
            if not data:
                break
            self.output += data
        return self.output.decode()

    def press(self, key: bytes) -> None:
        os.write(self._main, key)

    def end(self) -> int:
        """Read to the end; return the exit code."""
        self.read_until()
        os.close(self._main)
        return self.process.wait(60)

    @property
    def terminal(self) -> Terminal:
        """What it looks like."""
        terminal = Terminal(self.width, self.height)
        terminal.feed(self.output.decode().replace("\r\n", "\n"))
        return terminal
