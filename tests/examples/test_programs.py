"""The examples are run as users run them; a scripted provider responds."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import nbformat
import pytest
from nbclient import NotebookClient
from support.base_install import SOURCES
from support.cli import Terminal
from support.otlp import OTLPReceiver, attributes_of

from mirascope.testing import ScriptedProvider, call

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
MODEL: Final = "openai:gpt-4o-mini"


def run(
    name: str, *arguments: object, piped: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": SOURCES, "MODEL": MODEL, **environment},
        input=piped,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_list_has_each_example() -> None:
    listed = set(
        re.findall(r"^\| \[[^\]]+\]\(([^)]+)\)", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    )
    hidden = {"README.md", "__pycache__"}
    assert listed == {path.name for path in EXAMPLES.iterdir()} - hidden


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_says_how_to_run_it(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    first, _, rest = docstring.partition("\n")
    assert path.name in first
    assert "pip install" in rest
    assert "``MODEL``" in rest


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_chat(llm: ScriptedProvider) -> None:
    llm.reply("I am *Ada*.")
    llm.stall(after="Half")
    llm.fail(400, "too long")
    llm.reply("Whole.")
    with Terminal(program=[str(EXAMPLES / "chat.py")], MODEL=MODEL) as terminal:
        terminal.expect("> ")
        terminal.type("Who are you?\n")
        terminal.expect("I am")
        terminal.expect("> ")
        terminal.type("And then?\n")
        terminal.expect("Half")
        terminal.type("\x03")
        terminal.expect("(stopped)")
        terminal.expect("> ")
        terminal.type("Well?\n")
        terminal.expect("too long")
        terminal.expect("> ")
        terminal.type("Really?\n")
        terminal.expect("Whole.")
        terminal.expect("> ")
        terminal.type("\x04")
        assert terminal.end() == 0
    assert llm.requests[-1].messages[1:] == [
        ("user", "Who are you?"),
        ("assistant", "I am *Ada*."),
        ("user", "And then?"),
        ("assistant", "Half"),
        ("user", "Well?"),
        ("user", "Really?"),
    ]


def test_chat_in_a_pipe(llm: ScriptedProvider) -> None:
    llm.reply("I am *Ada*.")
    done = run("chat.py", piped="Who are you?\n")
    assert (done.stdout, done.stderr) == ("> I am *Ada*.\n> ", "")


@pytest.mark.skipif(sys.platform == "win32", reason="the voice is a shell script")
@pytest.mark.parametrize("voice", ["", "espeak-ng"])
def test_speech(llm: ScriptedProvider, tmp_path: Path, voice: str) -> None:
    llm.reply("The sea is calm. Dr. Perry sails!")
    if voice:
        (tmp_path / voice).write_text(
            f"#!/bin/sh\n/bin/cat >> {tmp_path}/spoken\n/bin/echo >> {tmp_path}/spoken\n"
        )
        (tmp_path / voice).chmod(0o755)
    done = run("speech.py", "the sea", PATH=str(tmp_path))
    sentences = "The sea is calm.\nDr. Perry sails!\n"
    assert (done.stdout, done.stderr) == (sentences, "")
    assert not voice or (tmp_path / "spoken").read_text() == sentences
    assert "the sea" in llm.requests[0].last


def test_batch(llm: ScriptedProvider, tmp_path: Path) -> None:
    (tmp_path / "books.csv").write_text('id,title\n1,Emma\n2,"Dune, part two"\n3,Ulysses\n')
    llm.reply("It is witty.", to="Emma")
    llm.reply("It is dry.", to="Dune, part two")
    llm.cut(after="It is", to="Ulysses")
    done = run("batch.py", tmp_path / "books.csv", tmp_path / "texts.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Books: 3/3")
    assert done.stderr.endswith("1 of 3 rows failed\n")
    *whole, failed = map(json.loads, (tmp_path / "texts.jsonl").read_text().splitlines())
    assert whole == [
        {"id": "1", "title": "Emma", "text": "It is witty.", "error": None},
        {"id": "2", "title": "Dune, part two", "text": "It is dry.", "error": None},
    ]
    assert failed["text"] == "It is"
    assert failed["error"].startswith("StreamConnectionError: ")
    llm.reply("It is witty.")
    (tmp_path / "books.csv").write_text("title\nEmma\n")
    assert run("batch.py", tmp_path / "books.csv", tmp_path / "texts.jsonl").returncode == 0


def test_tool_loop(llm: ScriptedProvider) -> None:
    llm.reply("Let me see.", tools=[call("current_date")])
    llm.reply(tools=[call("forecast", city="Lima", date="2026-05-01")])
    llm.reply("Yes, until noon.")
    done = run("tool_loop.py", "Do I need an umbrella?")
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "Let me see.",
        "[current_date {}]",
        "",
        "[forecast {'city': 'Lima', 'date': '2026-05-01'}]",
        "Yes, until noon.",
    ]
    assert llm.requests[-1].messages[-1].content.endswith("rain until noon, 14 degrees")


def test_tracing_on_the_console(llm: ScriptedProvider) -> None:
    llm.reply("Emma")
    done = run("tracing.py")
    text, _, spans = done.stdout.partition("\n")
    assert (text, done.stderr) == ("Emma", "")
    assert '"name": "chat gpt-4o-mini"' in spans
    assert '"name": "evening"' in spans


def test_tracing_to_a_collector(llm: ScriptedProvider) -> None:
    llm.reply("Emma")
    with OTLPReceiver() as receiver:
        done = run("tracing.py", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    assert (done.stdout, done.stderr) == ("Emma\n", "")
    of_call, evening = receiver.spans
    assert (of_call.name, evening.name) == ("chat gpt-4o-mini", "evening")
    assert of_call.parent_span_id == evening.span_id
    assert "Emma" in attributes_of(of_call)["gen_ai.output.messages"]


def test_growing_table(llm: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL", MODEL)
    monkeypatch.setenv("PYTHONPATH", SOURCES)
    book = {"title": "Emma", "author": "Jane Austen", "year": 1815}
    for _ in range(2):
        llm.reply(value={"value": [book, book]}, by=4)
    notebook: Any = nbformat.read(EXAMPLES / "growing_table.ipynb", 4)
    assert "pip install" in notebook.cells[0].source
    assert not any(cell.get("outputs") for cell in notebook.cells)
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    _, table, elements = (cell.outputs for cell in notebook.cells if cell.cell_type == "code")
    assert table[0].data["text/html"].count("<td>Jane Austen</td><td>1815</td>") == 2
    assert elements[0].text == "1815: Emma, by Jane Austen\n" * 2
