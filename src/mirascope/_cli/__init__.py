"""The command line: prompts and their responses, printed while they are received.

The room may import everything. Begin with `command` in `commands.py`; `session.py` is one turn.

Only responses go to stdout; everything else goes to stderr, one line each, and never holds an API
key. Exit codes: 0 for a response, 1 for a failure, 2 for wrong usage, and as in shells 130 after
Ctrl-C and 141 if the output is no longer read. Text that was printed stays.

Nothing but click is imported before there is a prompt, so that ``--help`` is fast.
"""

from mirascope._cli.commands import command

__all__ = ["command"]
