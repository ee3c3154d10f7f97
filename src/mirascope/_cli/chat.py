"""``mirascope chat``: each line is a prompt."""

from __future__ import annotations

import sys
from contextlib import suppress

import click

from mirascope._cli.log import LogError
from mirascope._cli.options import Options
from mirascope._cli.session import Session
from mirascope._cli.terminal import (
    INTERRUPTED,
    UNREAD,
    is_terminal,
    read_as_text,
    report,
    text_of,
)

_RECALLED = 100
"""How many prompts of the log the arrow keys find."""


def run(options: Options) -> int:
    """Read prompts and print responses until the user leaves; return the exit code.

    On a terminal it is 0, or 130 after Ctrl-C; where prompts are piped in, that of the last
    response that was not complete.
    """
    session = Session(options, ends=False)
    is_interactive = is_terminal(sys.stdin) and is_terminal(sys.stdout)
    if is_interactive:
        _prepare_editing(session)
        report(f"{session.model}; /exit or Ctrl-D ends the chat")
    elif sys.stdin is not None:
        read_as_text(sys.stdin)
    code, interrupted = 0, False
    while True:
        try:
            prompt = _read(is_interactive=is_interactive)
        except KeyboardInterrupt:
            click.echo(err=True)
            if interrupted or not is_interactive:
                return INTERRUPTED
            interrupted = True
            report("press Ctrl-C again to end the chat")
            continue
        if prompt is None or prompt.strip() == "/exit":
            return 0 if is_interactive else code
        interrupted = False
        if prompt.strip():
            ended = session.turn(prompt)
            if ended == UNREAD:
                return ended
            interrupted, code = ended == INTERRUPTED, ended or code


def _read(*, is_interactive: bool) -> str | None:
    """Return the next line, ``None`` at the end."""
    if is_interactive:
        try:
            return text_of(input("> "))
        except EOFError:
            click.echo(err=True)
            return None
    if is_terminal(sys.stdin):  # and the output is not
        click.echo("> ", nl=False, err=True)
    line = sys.stdin.readline() if sys.stdin is not None else ""
    return line.rstrip("\n") if line else None


def _prepare_editing(session: Session) -> None:
    """Have the arrow keys edit the line and recall prompts, where readline is there."""
    try:
        import readline  # noqa: PLC0415  # some builds of Python lack it
    except ImportError:
        return
    with suppress(LogError):  # the first turn reports it
        for prompt in session.log.prompts(_RECALLED):
            readline.add_history(prompt.replace("\n", " "))
