"""Programs that tests run in a terminal or a pipe: ``python show_programs.py NAME [FILE]``."""

from __future__ import annotations

import sys
from pathlib import Path

from mirascope import testing
from mirascope.core import openai
from mirascope.show import show, track


@openai.call("gpt-4o-mini", stream=True)
def answer(question: str) -> str:
    return question


def text(llm: testing.ScriptedProvider, file: str) -> None:
    llm.reply(Path(file).read_text(), by=7)
    show(answer("?"))


def stall(llm: testing.ScriptedProvider) -> None:
    llm.stall(after="It was a **dark** and stormy night", by=5)
    show(answer("?"))


def loop(llm: testing.ScriptedProvider) -> None:
    for reply in ("one", "two"):
        llm.reply(reply, usage=(3, 5))
    for stream in track(map(answer, "ab"), "Answers", total=2):
        print("".join(chunk.content for chunk, _ in stream))  # noqa: T201  # which tests read


def both(llm: testing.ScriptedProvider) -> None:
    for reply in ("one **two**", "three"):
        llm.reply(reply, usage=(3, 5), pace="live")
    for stream in track(map(answer, "ab"), "Answers", total=2):
        show(stream)


if __name__ == "__main__":
    _, name, *arguments = sys.argv
    with testing.provider() as provider:
        {"text": text, "stall": stall, "loop": loop, "both": both}[name](provider, *arguments)
