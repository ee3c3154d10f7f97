"""The samples of docs/streams.md do what the page claims."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mirascope import streams
from mirascope.testing import ScriptedProvider

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "operators.md").read_text()
SAMPLES = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))


def test_the_samples_run(llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]) -> None:
    llm.reply("Dr. Perry is fun. Emma is not.")
    llm.reply("She marries. THE END. He too.")
    llm.reply("<think>Sand.</think>Spice.")
    llm.reply("A novel.", reasoning="By Austen.")
    llm.reply("A comedy.")
    for _ in range(2):  # the loser may be closed before it takes its reply
        llm.reply("A race.", to="Emma")
    for book in ("Persuasion", "Dune"):
        llm.reply(f"All of {book}.", to=book)
    exec(compile(SAMPLES, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run
    assert capsys.readouterr().out.splitlines() == [
        "Dr. Perry is fun. ",
        "Emma is not.",
        "She marries. ",
        "Spice.",
        "By Austen.A novel.",
        "A race.",
        "Persuasion All of Persuasion.",
        "Dune All of Dune.",
    ]


def test_the_table_has_every_function() -> None:
    functions = {name for name in streams.__all__ if name.islower()}
    table = PAGE.partition("## The rules")[0]
    assert {name for name in functions if f"`{name}(" in table} == functions
