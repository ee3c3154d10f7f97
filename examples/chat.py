"""Chat in the terminal: ``python examples/chat.py``; Ctrl-C stops a response, Ctrl-D leaves.

It needs ``pip install 'mirascope-streams[local,rich]'`` and no key: a small model runs on this
machine. ``MODEL`` names another, such as ``MODEL=anthropic:claude-haiku-4-5``.
"""

from __future__ import annotations

import os
from typing import Final

from mirascope import BaseMessageParam, Messages, errors, llm, local
from mirascope.show import show

MODEL: Final = os.environ.get("MODEL", f"openai:{local.MODEL}")
CLIENT: Final = None if "MODEL" in os.environ else local.client()


@llm.call(MODEL, client=CLIENT, stream=True)
def reply(history: list[BaseMessageParam]) -> list[BaseMessageParam]:
    return [Messages.System("You are a friendly librarian. Be brief."), *history]


def main() -> None:
    history: list[BaseMessageParam] = []
    while True:
        try:
            question = input("> ")
        except (EOFError, KeyboardInterrupt):
            return
        history.append(Messages.User(question))
        stream = reply(history)
        try:
            show(stream)  # Markdown on a terminal, plain text in a pipe
        except KeyboardInterrupt:
            print("(stopped)")
        except errors.StreamError as error:
            print(f"({error})")
        if stream.content:  # complete or not: the model sees what you saw
            history.append(stream.partial().message_param)


if __name__ == "__main__":
    main()
