"""The samples in the pages of ``docs/`` do what the pages claim."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.providers.anthropic import ANTHROPIC
from support.providers.openai import OPENAI
from support.scripts import CallDelta, CallEnd, CallStart, Step, Text, one_after_another

from mirascope import testing
from mirascope.testing.loopback import Loopback, Response

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "tools-and-structured-streams.md").read_text()
LOOP, UNUSABLE, PARTIAL, GROWING, ELEMENTS, MISFIT = re.findall(
    r"```python\n(.*?)```", PAGE, re.DOTALL
)

PAUSED = re.findall(r"```python\n(.*?)```", (DOCS / "providers.md").read_text(), re.DOTALL)[0]
PROVIDER = re.findall(
    r"```python\n(.*?)```", (DOCS / "writing-a-provider.md").read_text(), re.DOTALL
)

BENCHMARK = DOCS / "benchmark.md"

EMMA = json.dumps({"title": "Emma", "shelf": 2})
BOOK = {"title": "Emma", "pages": 474, "tags": ["witty", "long"]}


def by_letter(name: str, value: object) -> list[Step]:
    return [CallStart(0, name), *(CallDelta(0, letter) for letter in json.dumps(value)), CallEnd(0)]


def run(code: str, monkeypatch: pytest.MonkeyPatch, *answers: list[bytes] | Response) -> list[Any]:
    """Run samples against a server with answers; return the requests."""
    with Loopback() as server:
        monkeypatch.setenv(OPENAI.key_variable, "a-secret-key")
        monkeypatch.setenv(OPENAI.url_variable, OPENAI.url(server.url))
        server.queue = [a if isinstance(a, Response) else Response(a) for a in answers]
        exec(compile(code, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run
        return [request.json for request in server.requests]


def test_a_conversation_is_saved_and_continues_with_another_provider(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (sample,) = re.findall(
        r"```python\n(.*?)```", (DOCS / "conversations.md").read_text(), re.DOTALL
    )
    with Loopback() as other:
        monkeypatch.setenv(ANTHROPIC.key_variable, "a-secret-key")
        monkeypatch.setenv(ANTHROPIC.url_variable, ANTHROPIC.url(other.url))
        other.queue = [Response.of_json(ANTHROPIC.plain("17 degrees"))]
        called = OPENAI.called_plain("temperature", '{"city": "Lima"}')
        run(sample, monkeypatch, *(Response.of_json(a) for a in (called, OPENAI.plain("20"))))
        sent = other.requests[0].json["messages"]
    assert capsys.readouterr().out == "17 degrees\n"
    assert [message["role"] for message in sent] == ["user", "assistant"] * 2 + ["user"]


def test_the_loop_calls_the_tool_and_continues(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = OPENAI.tool_call_response(Text("One moment. "), *one_after_another(("Shelve", EMMA)))
    requests = run(LOOP, monkeypatch, call, OPENAI.response("It is done."))
    assert capsys.readouterr().out == "One moment. It is done."
    asked, called, gave = requests[1]["messages"]
    assert (asked["role"], called["role"]) == ("user", "assistant")
    assert gave["content"] == "Emma is on shelf 2"


def test_an_invalid_call_is_raised_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = [*one_after_another(("Shelve", '{"title": "Emma"}')), Text("Done.")]
    definitions, _, _ = LOOP.partition("\nhistory: list")
    code = definitions + UNUSABLE + "    assert answer == 'Done.'\n"
    run(code, monkeypatch, OPENAI.tool_call_response(*steps))
    reported = capsys.readouterr().out
    assert reported.startswith('Done.\nShelve was called with {"title": "Emma"}: ')
    assert "shelf: Field required" in reported


def test_an_invalid_value_has_its_response(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    definitions, _, _ = GROWING.partition("@openai.call")
    with Loopback() as server:
        monkeypatch.setenv(OPENAI.key_variable, "a-secret-key")
        monkeypatch.setenv(OPENAI.url_variable, OPENAI.url(server.url))
        server.queue = [Response.of_json(OPENAI.plain("I know none."))]
        code = "from mirascope.core import openai\n" + definitions + MISFIT
        exec(compile(code, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run
    assert capsys.readouterr().out == "I know none. ['stop'] 2\n"


def test_a_tool_is_watched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    definitions, _, _ = LOOP.partition("@openai.call")
    steps = by_letter("Shelve", json.loads(EMMA))
    run(definitions + PARTIAL, monkeypatch, OPENAI.tool_call_response(*steps))
    printed = capsys.readouterr().out.splitlines()
    assert "{'title': 'Em', 'shelf': None}" in printed
    assert printed[-1] == "Emma is on shelf 2"


def test_models_stream_as_partial_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    imports = "from mirascope.core import openai\n"
    answers = [
        OPENAI.tool_call_response(*by_letter("Book", BOOK)),
        OPENAI.tool_call_response(*by_letter("list", {"value": [BOOK, {**BOOK, "title": "Dune"}]})),
    ]
    run(imports + GROWING + ELEMENTS, monkeypatch, *answers)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "None None None"
    assert "Emma 474 ['witty', 'lo']" in printed
    assert not any(" 47 " in line for line in printed)
    assert printed[-3:] == ["Emma 474 ['witty', 'long']", "Emma", "Dune"]


def test_a_paused_turn_continues(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    paused = ANTHROPIC.plain("") | {"content": [search], "stop_reason": "pause_turn"}
    with Loopback() as server:
        monkeypatch.setenv(ANTHROPIC.key_variable, "a-secret-key")
        monkeypatch.setenv(ANTHROPIC.url_variable, server.url)
        server.queue = [Response.of_json(paused), Response(ANTHROPIC.response("Much."))]
        exec(compile(PAUSED, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run
        sent = [request.json for request in server.requests]
    assert capsys.readouterr().out == "Much."
    assert sent[1]["messages"][1] == {"role": "assistant", "content": [search]}
    assert sent[0]["tools"][0]["name"] == "web_search"


def test_the_parts_of_a_provider_are_what_the_page_shows() -> None:
    names: dict[str, Any] = {"__name__": "a_provider"}
    exec(compile("\n".join(PROVIDER), "<the page>", "exec"), names)  # noqa: S102  # samples are to be run
    assert str(names["chunks"][0]) == "Hi"


def test_the_pages_link_to_files_that_are_there() -> None:
    for page in [*DOCS.glob("*.md"), DOCS.parent / "README.md"]:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert link.startswith("https://") or (page.parent / link).exists(), link


def test_the_readme_quotes_the_measured_speed() -> None:
    """The page's one quoted line is in the README too."""
    (measured,) = re.findall(r"^> (.+)$", BENCHMARK.read_text(), re.MULTILINE)
    readme = (DOCS.parent / "README.md").read_text()
    assert measured in " ".join(readme.split())


def test_a_recording_is_made_replayed_and_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = (DOCS / "testing-recordings.md").read_text()
    _, record, fault = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    run(record + fault, monkeypatch, OPENAI.response("The Name", " of the Wind"))
    replayed = "The Name of the Wind\n" * 2 + "Recommend a fantasy book\n"
    assert capsys.readouterr().out == f"{replayed}cut after 'The Name'\n"


def test_the_recording_on_the_page_is_one(tmp_path: Path) -> None:
    page = (DOCS / "testing-recordings.md").read_text()
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "book.yaml").write_text(shown)
    with testing.recorded(tmp_path / "book.yaml", record=False):
        pass
