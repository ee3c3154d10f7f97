"""Programs that show streams, in pseudo-terminals and pipes."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from show_support import PROGRAMS, InTerminal, environment
from test_show_markdown import EVERYTHING

from mirascope.show._lines import lines_of
from mirascope.show._prose import TerminalMarkdown


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "text.md"
    path.write_text(EVERYTHING)
    return str(path)


def rendered(width: int) -> list[str]:
    console = Console(file=io.StringIO(), force_terminal=True, width=width)
    return [
        line.plain.rstrip() for line in lines_of(console, TerminalMarkdown(EVERYTHING), source="")
    ]


@pytest.mark.parametrize("width", [20, 80, 160])
def test_a_terminal(file: str, width: int) -> None:
    program = InTerminal("text", file, width=width, height=200)
    assert program.end() == 0
    expected = rendered(width)
    lines = program.terminal.text.splitlines()
    assert lines[: len(expected)] == expected
    assert lines[len(expected)] == ""
    assert lines[len(expected) + 1].startswith("finished · ")


def test_no_color(file: str) -> None:
    program = InTerminal("text", file, height=200, NO_COLOR="1")
    assert program.end() == 0
    assert program.terminal.text.splitlines()[: len(rendered(80))] == rendered(80)
    assert re.search(rb"\x1b\[(\d+;)*[34][0-7][;m]", program.output) is None
    assert b"\x1b[?2026h" in program.output


def test_a_simple_terminal(file: str) -> None:
    program = InTerminal("text", file, TERM="dumb")
    assert program.end() == 0
    text, _, last = program.output.decode().replace("\r\n", "\n").rpartition("finished")
    assert text == EVERYTHING.replace("\t", "        ")
    assert " to first token" in last
    assert b"\x1b" not in program.output


@pytest.mark.parametrize("variables", [{}, {"FORCE_COLOR": "1"}])
def test_a_pipe(file: str, variables: dict[str, str]) -> None:
    command = [sys.executable, str(PROGRAMS), "text", file]
    done = subprocess.run(command, check=True, capture_output=True, env=environment(**variables))
    assert done.stdout.decode() == EVERYTHING
    assert done.stderr == b""


def test_ctrl_c() -> None:
    program = InTerminal("stall")
    program.read_until("stormy night")
    program.press(b"\x03")
    assert program.end() == -signal.SIGINT
    lines = program.terminal.text.splitlines()
    assert lines[0] == "It was a dark and stormy night"
    assert lines[2].startswith("closed · ")
    assert lines[-1] == "KeyboardInterrupt"


def test_what_a_loop_prints_is_above_its_bar() -> None:
    program = InTerminal("loop")
    assert program.end() == 0
    text = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", program.output.decode())
    assert text.index("one\r\n") < text.index("two\r\n")
    assert text.rstrip().splitlines()[-1].startswith(f"Answers {'━' * 24} 2/2 · ")


def test_what_a_loop_shows_is_above_its_bar() -> None:
    program = InTerminal("both")
    assert program.end() == 0
    text = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", program.output.decode())
    assert text.count("one **two**\r\n") == 1
    assert len(re.findall("finished · .* 5 tokens", text)) == 2
    assert text.rstrip().splitlines()[-1].startswith(f"Answers {'━' * 24} 2/2 · ")


def test_progress_leaves_a_pipe_alone() -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAMS), "loop"],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert done.stdout == "one\ntwo\n"
    assert done.stderr.startswith("Answers: 2/2 · ")
    assert "10 tokens" in done.stderr
