"""What the pages on other libraries show of them runs: ``nox -s migrations`` installs these."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from mirascope.testing import ScriptedProvider, call

MIGRATE = Path(__file__).parents[2] / "docs" / "migrate"
EMMA = {"title": "Emma", "author": "Jane Austen"}


def run(page: str, folder: Path) -> str:
    """Run what a page shows of a library as one program, and return what that prints."""
    needed = page.replace("-", "_")
    if find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed: run nox -s migrations")
    blocks = re.findall(r"```py\n(.*?)```", (MIGRATE / f"{page}.md").read_text(), re.DOTALL)
    (folder / "program.py").write_text("\nprint()\n".join(blocks))
    command = [sys.executable, "program.py"]
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return "\n".join(filter(None, done.stdout.splitlines()))


def test_langchain(llm: ScriptedProvider, tmp_path: Path) -> None:
    llm.reply("The Name of the Wind")
    for _ in range(2):
        llm.reply(tools=[call("get_author", title="Emma")])
    llm.reply("Jane Austen wrote it.")
    llm.reply('{"title": "Emma", "author": "Jane Austen"}', by=9)
    llm.fail(429)
    llm.reply("Dune")
    llm.reply("Persuasion")
    assert run("langchain", tmp_path).splitlines() == [
        "The Name of the Wind",
        "{'title': 'Emma'} -> Jane Austen",
        "Jane Austen wrote it.",
        "Book(title='Emma', author='Jane Austen')",
        "Dune",
        "Persuasion",
    ]


def test_litellm(llm: ScriptedProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # it would be downloaded
    llm.reply("The Name of the Wind")
    llm.reply(tools=[call("get_author", title="Emma")], by=5)
    llm.reply('{"title": "Emma", "author": "Jane Austen"}', by=9)
    llm.fail(429)
    llm.reply("Dune")
    llm.reply("Persuasion")
    assert run("litellm", tmp_path).splitlines() == [
        "The Name of the Wind",
        "get_author {'title': 'Emma'}",
        "Book(title='Emma', author='Jane Austen')",
        "Dune",
        "Persuasion",
    ]


def test_pydantic_ai(llm: ScriptedProvider, tmp_path: Path) -> None:
    llm.reply("The Name of the Wind")
    llm.reply("One moment. ", tools=[call("get_author", title="Emma")])
    llm.reply("Jane Austen wrote it.")
    llm.reply(tools=[call("final_result", **EMMA)], by=9)
    for _ in range(3):  # the SDK sends the request again
        llm.fail(429, retry_after=0.01)
    llm.reply("Dune")
    llm.reply("Persuasion")
    printed = run("pydantic-ai", tmp_path).splitlines()
    assert printed[:3] == [
        "The Name of the Wind",
        'One moment. get_author {"title": "Emma"}',
        "Jane Austen wrote it.",
    ]
    assert printed[-3:] == ["Book(title='Emma', author='Jane Austen')", "Dune", "Persuasion"]
