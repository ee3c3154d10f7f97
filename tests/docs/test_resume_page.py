"""The samples of docs/resume.md do what the page claims."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mirascope import BaseMessageParam, resume
from mirascope.resume._generation import Options
from mirascope.testing import ScriptedProvider

PAGE = (Path(__file__).parents[2] / "docs" / "places" / "resume.md").read_text()
CHAT, EVENT_SOURCE, PLAIN, FLASK, MAY_READ, TAKEOVER = re.findall(
    r"```python\n(.*?)```", PAGE, re.DOTALL
)

BODY = {"id": "1", "messages": [{"role": "user", "parts": [{"type": "text", "text": "Who?"}]}]}


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "<the page>", "exec"), names)  # noqa: S102  # samples are to be run
    return names


def deltas(body: str, name: str) -> str:
    events = [json.loads(data) for data in re.findall(r"^data: (\{.*)$", body, re.MULTILINE)]
    return "".join(event.get(name, "") for event in events)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_chat_reconnects_and_stops(llm: ScriptedProvider) -> None:
    from starlette.testclient import TestClient  # noqa: PLC0415  # only where it is served

    llm.reply("Good day.")
    with TestClient(run(CHAT)["app"]) as client:
        assert client.get("/api/chat/1/stream").status_code == 204
        response = client.post("/api/chat", json=BODY)
        assert deltas(response.text, "delta") == "Good day."
        assert client.get("/api/chat/1/stream").status_code == 204
        assert client.post("/api/chat/1/stop").json() == {"stopped": False}


def test_an_event_source_resumes(llm: ScriptedProvider) -> None:
    from starlette.testclient import TestClient  # noqa: PLC0415  # only where it is served

    llm.reply("Read Emma.", by=1)
    with TestClient(
        run(EVENT_SOURCE + "\ndef show():\n    " + PLAIN.replace("\n", "\n    "))["app"]
    ) as client:
        body = client.get("/recommend/fantasy").text
        assert deltas(body, "text") == "Read Emma."
        ids = re.findall(r"^id: (.*)$", body, re.MULTILINE)
        rest = client.get("/recommend/fantasy", headers={"last-event-id": ids[0]})
        assert body.endswith(rest.text)
        assert (
            client.get("/recommend/fantasy", headers={"last-event-id": ids[-1]}).status_code == 204
        )


def test_events_are_read_plainly(llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]) -> None:
    llm.reply("Read Emma.")
    definitions, _, _ = EVENT_SOURCE.partition("@app.get")
    start = 'store.start_sync("fantasy", lambda: recommend("fantasy"))\n'
    run(definitions + start + PLAIN + "store.close_sync()\n")
    assert capsys.readouterr().out == "Read Emma."


def test_flask_resumes(llm: ScriptedProvider) -> None:
    llm.reply("Read Emma.")
    names = run(FLASK)
    client = names["app"].test_client()
    body = client.get("/recommend/fantasy").text
    assert deltas(body, "text") == "Read Emma."
    offset = re.findall(r"^id: (.*)$", body, re.MULTILINE)[-1]
    again = client.get("/recommend/fantasy", headers={"last-event-id": offset})
    assert again.status_code == 204
    names["store"].close_sync()


def test_the_store_checks_readers(capsys: pytest.CaptureFixture[str]) -> None:
    run("from mirascope import resume\n" + MAY_READ)
    assert capsys.readouterr().out == "this reader may not read the response of this key\n"


def test_another_worker_makes_the_call_again(llm: ScriptedProvider) -> None:
    llm.reply("Read Emma.")
    names = run(TAKEOVER)
    names["MESSAGES"]["1"] = [BaseMessageParam(role="user", content="Which book?")]
    store = names["store"]
    store.start_sync("1", lambda: names["again"]("1"))
    events = list(store.read("1"))
    store.close_sync()
    assert "".join(each.values[0] for each in events if each.name == "text") == "Read Emma."
    # an answer that ends before anything is written needs no id to be taken over by
    assert [each.name for each in events].count("response") <= 1


def test_the_page_has_every_setting() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE.partition("| setting")[2], re.MULTILINE)
    assert [name for name, _ in rows] == [each.name for each in fields(Options)]
    assert [name for name, _ in rows] == list(resume.Settings.__annotations__)
    given = {each.name: each.default for each in fields(Options)}
    for name, default in rows:
        if default.strip().replace(".", "").isdigit():
            assert given[name] == float(default), name
    assert given["max_bytes"] == 16 * 2**20
