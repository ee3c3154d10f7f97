"""The samples in the pages of ``docs/`` do what the pages claim."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.providers.anthropic import ANTHROPIC

from mirascope import BaseMessageParam, testing
from mirascope.core import openai
from mirascope.testing import ScriptedProvider
from mirascope.testing.loopback import Loopback, Response

DOCS = Path(__file__).parents[2] / "docs"
PAUSED = re.findall(
    r"```python\n(.*?)```", (DOCS / "providers" / "index.md").read_text(), re.DOTALL
)[0]
PROVIDER = re.findall(
    r"```python\n(.*?)```", (DOCS / "providers" / "writing-a-provider.md").read_text(), re.DOTALL
)

BENCHMARK = DOCS / "understand" / "benchmark.md"


def run(code: str) -> None:
    exec(compile(code, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run


def test_a_paused_turn_continues(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    paused = ANTHROPIC.plain("") | {"content": [search], "stop_reason": "pause_turn"}
    with Loopback() as server:
        monkeypatch.setenv(ANTHROPIC.key_variable, "a-secret-key")
        monkeypatch.setenv(ANTHROPIC.url_variable, server.url)
        server.queue = [Response.of_json(paused), Response(ANTHROPIC.response("Much."))]
        run(PAUSED)
        sent = [request.json for request in server.requests]
    assert capsys.readouterr().out == "Much."
    assert sent[1]["messages"][1] == {"role": "assistant", "content": [search]}
    assert sent[0]["tools"][0]["name"] == "web_search"


def test_the_parts_of_a_provider_are_what_the_page_shows() -> None:
    names: dict[str, Any] = {"__name__": "a_provider"}
    *parts, tests = PROVIDER
    exec(compile("\n".join(parts), "<the page>", "exec"), names)  # noqa: S102  # samples are to be run
    assert str(names["chunks"][0]) == "Hi"
    example = DOCS.parent / "examples" / "provider" / "tests" / "test_mirascope_ollama.py"
    assert example.read_text().endswith(tests)  # which test_third_party_provider.py runs


def test_the_readme_tests_its_sample(llm: ScriptedProvider) -> None:
    readme = (DOCS.parent / "README.md").read_text()
    (test,) = re.findall(r"```py\n(def test_.*?)```", readme, re.DOTALL)

    @openai.call("gpt-4o-mini", stream=True)
    def recommend_book(genre: str) -> str:
        return f"Recommend a {genre} book"

    names: dict[str, Any] = {"recommend_book": recommend_book}
    exec(compile(test, "<the readme>", "exec"), names)  # noqa: S102  # samples are to be run
    names["test_recommend_book"](llm)


def test_the_readme_shows_speaks_and_converses(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (DOCS.parent / "README.md").read_text()
    (sample,) = re.findall(r"```py\n(from mirascope import converse.*?)```", readme, re.DOTALL)

    @openai.call("gpt-4o-mini", stream=True)
    def recommend_book(genre: str) -> str:
        return f"Recommend a {genre} book"

    @openai.call("gpt-4o-mini", stream=True)
    def chat(history: list[BaseMessageParam]) -> list[BaseMessageParam]:
        return history

    llm.reply("The Name of the Wind")
    llm.reply("Emma. Or Dune!")
    llm.reply("Jane Austen.")
    spoken: list[str] = []
    names = {"recommend_book": recommend_book, "chat": chat, "speak": spoken.append}
    exec(compile(sample, "<the readme>", "exec"), names)  # noqa: S102  # samples are to be run
    assert spoken == ["Emma. ", "Or Dune!"]
    assert capsys.readouterr().out == "The Name of the Wind\nJane Austen."


def test_the_pages_link_to_files_that_are_there() -> None:
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert link.startswith("https://") or (page.parent / link).exists(), link


def test_the_readme_quotes_the_measured_speed() -> None:
    """The page's one quoted line is in the README too."""
    (measured,) = re.findall(r"^> (.+)$", BENCHMARK.read_text(), re.MULTILINE)
    readme = (DOCS.parent / "README.md").read_text()
    assert measured in " ".join(readme.split())


def test_the_recording_on_the_page_is_one(tmp_path: Path) -> None:
    page = (DOCS / "places" / "recordings.md").read_text()
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "book.yaml").write_text(shown)
    with testing.recorded(tmp_path / "book.yaml", record=False):
        pass
