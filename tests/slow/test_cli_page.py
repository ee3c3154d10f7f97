"""The commands of docs/places/command-line.md print what the page shows."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from support.cli import invoke
from support.providers.ollama_native import PATHS

from mirascope import testing
from mirascope.core._calls.servers import SERVERS

PAGE = (Path(__file__).parents[2] / "docs" / "places" / "command-line.md").read_text()
SESSIONS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
[BOOKS] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
DOG = {"name": "Biscuit", "age": 4, "bio": "Biscuit guards a bakery and is paid in crusts."}
SCHEMA = '{"properties": {"age": {"type": "integer", "minimum": 0}}}'


def write_replies(llm: testing.ScriptedProvider) -> None:
    llm.reply("The Name of the Wind, by Patrick Rothfuss.")
    llm.reply("Close the file also after an error")
    llm.reply(value=DOG)
    llm.reply(value={"age": -1})
    llm.reply("It is an invoice over 12 euros.")
    llm.reply(tools=[testing.call("get_author", title="Emma")])
    llm.reply("Jane Austen wrote it.")
    llm.reply("Hello there")
    llm.reply("Lima")
    llm.reply("Quito")


def test_the_commands_print_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRASCOPE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each not in PATHS])
    (tmp_path / "dog.json").write_text(SCHEMA)
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "books.py").write_text(BOOKS)
    with testing.provider() as llm:
        for name in "ANTHROPIC", "GOOGLE", "GEMINI", "CO", "GROQ", "MISTRAL":
            monkeypatch.delenv(f"{name}_API_KEY", raising=False)
        for name in "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AWS_ACCESS_KEY_ID":
            monkeypatch.delenv(name, raising=False)
        for name in (name for server in SERVERS.values() for name in server.api_keys):
            monkeypatch.delenv(name, raising=False)
        write_replies(llm)
        shown: list[str] = []
        for command in re.findall(r"^\$ (.*)$", "".join(SESSIONS), re.MULTILINE):
            before, _, arguments = command.partition("mirascope ")
            done = invoke(*shlex.split(arguments), piped="+close()" if before else "")
            shown += [f"$ {command}\n", done.stderr, done.stdout]
        assert not llm.replies_left
    sys.modules.pop("books", None)
    printed = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-11-29 09:30", "".join(shown))
    assert printed == "".join(SESSIONS)
