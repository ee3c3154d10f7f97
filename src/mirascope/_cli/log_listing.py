"""``mirascope logs``: the conversations of the log."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime

from mirascope._cli.log import Conversation, Log, Turn
from mirascope._cli.terminal import Output, UserError, is_terminal, report


def print_logs(number: int | None, count: int, *, as_json: bool) -> None:
    """Print the conversation with a number, or list the last ones."""
    log = Log()
    found = log.last(count) if number is None else log.find(number)
    if number is not None and not found:
        raise UserError(f"there is no conversation {number} in the log")
    if not found:
        report("the log is empty")
    out = Output()
    for conversation in found:
        if as_json:
            out.write(conversation.to_json())
        elif number is None:
            out.write(_line(conversation))
        else:
            out.write("\n\n".join(map(_text, conversation.turns)))
        out.end_line()


def _line(conversation: Conversation) -> str:
    """Return a conversation as a line that fits a terminal."""
    first, last = conversation.turns[0], conversation.turns[-1]
    head = f"{conversation.id:>5}  {_time(last)}  {len(conversation.turns):>3}  {last.model}  "
    line = head + " ".join(first.prompt.split())
    width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else 200
    return line if len(line) <= width else f"{line[: width - 3]}..."


def _text(turn: Turn) -> str:
    """Return a turn as text."""
    state = "" if turn.state == "finished" else f", {turn.state}"
    return f"{_time(turn)}  {turn.model}{state}\n> {turn.prompt.strip()}\n\n{turn.response}"


def _time(turn: Turn) -> str:
    return datetime.fromtimestamp(turn.time).astimezone().strftime("%Y-%m-%d %H:%M")
