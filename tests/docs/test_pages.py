"""The samples in the pages of ``docs/`` do what the pages claim."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mirascope import BaseMessageParam, testing
from mirascope.core import openai
from mirascope.testing import ScriptedProvider, call

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "guide" / "tools.md").read_text()
LOOP, UNUSABLE, PARTIAL, GROWING, ELEMENTS, MISFIT = re.findall(
    r"```python\n(.*?)```", PAGE, re.DOTALL
)

CONVERSATIONS = re.findall(
    r"```python\n(.*?)```", (DOCS / "guide" / "conversations.md").read_text(), re.DOTALL
)

BENCHMARK = DOCS / "understand" / "benchmark.md"

EMMA = {"title": "Emma", "shelf": 2}
BOOK = {"title": "Emma", "pages": 474, "tags": ["witty", "long"]}


def run(code: str) -> None:
    exec(compile(code, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run


def test_a_conversation_is_saved_and_continues_with_another_provider(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    sample, _ = CONVERSATIONS
    llm.reply(tools=[call("temperature", city="Lima")])
    llm.reply("20")
    llm.reply("17 degrees")
    run(sample)
    assert capsys.readouterr().out == "17 degrees\n"
    assert [request.provider for request in llm.requests] == ["openai", "openai", "anthropic"]
    roles = ["user", "assistant", "tool", "assistant", "user"]
    assert [message.role for message in llm.requests[-1].messages] == roles


def test_a_conversation_runs_tools(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    definitions, _, _ = CONVERSATIONS[0].partition('@llm.call("openai')
    llm.reply("One moment.", tools=[call("temperature", city="Lima")])
    llm.reply("20 degrees. ")
    llm.reply("17 degrees.")
    exec(compile(definitions + CONVERSATIONS[1], "<the page>", "exec"), {})  # noqa: S102  # samples are to be run
    assert capsys.readouterr().out == "One moment.\n20 degrees. 17 degrees."
    assert llm.requests[2].messages[-3:] == [
        ("tool", "20 degrees in Lima"),
        ("assistant", "20 degrees. "),
        ("user", "And in Quito?"),
    ]


def test_the_loop_calls_the_tool_and_continues(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("One moment. ", tools=[call("Shelve", **EMMA)])
    llm.reply("It is done.")
    run(LOOP)
    assert capsys.readouterr().out == "One moment. It is done."
    assert [message.role for message in llm.requests[1].messages] == ["user", "assistant", "tool"]
    assert llm.requests[1].last == "Emma is on shelf 2"


def test_an_invalid_call_is_raised_at_the_end(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("Done.", tools=[call("Shelve", title="Emma")])
    definitions, _, _ = LOOP.partition("\nhistory: list")
    run(definitions + UNUSABLE + "    assert answer == 'Done.'\n")
    reported = capsys.readouterr().out
    assert reported.startswith('Done.\nShelve was called with {"title": "Emma"}: ')
    assert "shelf: Field required" in reported


def test_an_invalid_value_has_its_response(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    definitions, _, _ = GROWING.partition("@openai.call")
    llm.reply("I know none.", usage=(3, 2))
    run("from mirascope.core import openai\n" + definitions + MISFIT)
    assert capsys.readouterr().out == "I know none. ['stop'] 2\n"


def test_a_tool_is_watched(llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]) -> None:
    definitions, _, _ = LOOP.partition("@openai.call")
    llm.reply(tools=[call("Shelve", **EMMA)], by=1)
    run(definitions + PARTIAL)
    printed = capsys.readouterr().out.splitlines()
    assert "{'title': 'Em', 'shelf': None}" in printed
    assert printed[-1] == "Emma is on shelf 2"


def test_models_stream_as_partial_values(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply(value=BOOK, by=1)
    llm.reply(value=[BOOK, {**BOOK, "title": "Dune"}], by=1)
    run("from mirascope.core import openai\n" + GROWING + ELEMENTS)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "None None None"
    assert "Emma 474 ['witty', 'lo']" in printed
    assert not any(" 47 " in line for line in printed)
    assert printed[-3:] == ["Emma 474 ['witty', 'long']", "Emma", "Dune"]


def test_code_that_streams_is_tested_as_the_page_shows(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    test, *programs = re.findall(
        r"```python\n(.*?)```", (DOCS / "places" / "testing.md").read_text(), re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(compile(test, "<the page>", "exec"), names)  # noqa: S102  # samples are to be run
    names["test_a_tool_is_called"](llm)
    for program in programs:
        exec(compile(program, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run
    assert capsys.readouterr().out == "The Name of the WindTrue\n"


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


def test_a_recording_is_made_replayed_and_cut(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    llm: ScriptedProvider,
) -> None:
    page = (DOCS / "places" / "recordings.md").read_text()
    _, record, fault = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    llm.reply("The Name of the Wind", by=10)  # the provider that is recorded
    run(record + fault)
    replayed = "The Name of the Wind\n" * 2 + "Recommend a fantasy book\n"
    assert capsys.readouterr().out == f"{replayed}cut after 'The Name o'\n"


def test_the_recording_on_the_page_is_one(tmp_path: Path) -> None:
    page = (DOCS / "places" / "recordings.md").read_text()
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "book.yaml").write_text(shown)
    with testing.recorded(tmp_path / "book.yaml", record=False):
        pass
