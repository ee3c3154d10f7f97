"""The command line as a process: in pipes, and in a pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from click.testing import CliRunner

from mirascope._cli import command
from support.base_install import SOURCES

COMMAND = [sys.executable, "-W", "error", "-m", "mirascope"]

# A process gets a controlling terminal, from which Ctrl-C comes, only by its own call.
_IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(1, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-W", "error", *sys.argv[1:]])
"""


def environment(**more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return {**ours, "PYTHONPATH": SOURCES, **more}


def run(
    *arguments: str, piped: str = "", cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in pipes to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(**more),
        check=False,
        input=piped,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        cwd=cwd,
    )


def invoke(*arguments: str, piped: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in this process, which is faster, as in pipes."""
    done = CliRunner().invoke(command, arguments, piped, prog_name="mirascope")
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


class Terminal:
    """A command that runs in a pseudo-terminal; use it with ``with``.

    Args:
        arguments: The arguments of the command.
        piped: What is piped in; by default the input is the terminal.
        columns: The width.
        cwd: The current folder.
        program: The program that is run; by default the command line.
        more: Variables of the environment.

    Attributes:
        shown: What was printed so far.
        process: The process.
    """

    def __init__(
        self,
        *arguments: str,
        piped: bytes | None = None,
        columns: int = 80,
        cwd: Path | None = None,
        program: Sequence[str] = ("-m", "mirascope"),
        **more: str,
    ) -> None:
        import fcntl  # noqa: PLC0415  # not on Windows
        import termios  # noqa: PLC0415  # the same

        self.shown = ""
        self._data = b""
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _IN_TERMINAL, *program, *arguments],
            env=environment(**{"TERM": "xterm", **more}),
            stdin=theirs if piped is None else subprocess.PIPE,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            cwd=cwd,
        )
        os.close(theirs)
        if self.process.stdin and piped is not None:
            self.process.stdin.write(piped)
            self.process.stdin.close()

    def expect(self, text: str, seconds: float = 120) -> None:
        """Read until a text is shown that was not expected before."""
        self._read_until(lambda: text in self.shown[self._seen :], seconds, text)
        self._seen = self.shown.index(text, self._seen) + len(text)

    _seen = 0

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._ours, text.encode())

    def interrupt(self, text: str) -> None:
        """Press Ctrl-C until a text is shown: Python may miss one right after a prompt."""
        for _ in range(5):
            self.type("\x03")
            with contextlib.suppress(TimeoutError):
                self.expect(text, 10)
                return
        raise TimeoutError(f"{text!r} is not in {self.shown!r}")

    def end_by_interrupt(self) -> int:
        """Press Ctrl-C at a prompt until the program ends; return the exit code."""
        for _ in range(5):
            self.type("\x03")
            with contextlib.suppress(TimeoutError):
                return self.end(10)
        raise TimeoutError(f"Ctrl-C does not end {self.shown!r}")

    def end(self, seconds: float = 120) -> int:
        """Read to the end; return the exit code."""
        self._read_until(lambda: False, seconds, "")
        return self.process.wait(seconds)

    def _read_until(self, found: object, seconds: float, text: str) -> None:
        until = time.monotonic() + seconds
        while not found():  # type: ignore[operator]
            poll = select.poll()  # whatever the number of the file
            poll.register(self._ours, select.POLLIN)
            if not poll.poll(max(0, until - time.monotonic()) * 1000):
                raise TimeoutError(f"{text!r} is not in {self.shown!r}")
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # the end, on Linux
                data = b""
            if not data:
                if text:
                    raise EOFError(f"{text!r} is not in {self.shown!r}")
                return
            self._data += data
            self.shown = self._data.decode(errors="replace").replace("\r\n", "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: object, _error: object, _trace: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)
