"""The samples of ``docs/openai-responses.md`` do what the page claims."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.providers.openai_responses import (
    OPENAI_RESPONSES,
    event,
    item_added,
    message,
    response,
)

from mirascope.testing import ScriptedProvider
from mirascope.testing.loopback import Loopback, Response

PAGE = (Path(__file__).parents[2] / "docs" / "providers" / "openai-responses.md").read_text()
FIRST, SEARCH, ENCRYPTED, STORED, _ = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [],
    "encrypted_content": "hidden",
    "status": "completed",
}


def run(code: str) -> None:
    exec(compile(code, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run


def test_text_and_reasoning_are_streamed(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("Emma.", reasoning="Hm. ")
    run(FIRST)
    assert capsys.readouterr().out == "Hm. Emma.['completed'] ['stop']\n"
    assert llm.requests[0].json["reasoning"] == {"effort": "low", "summary": "auto"}


def test_hosted_tools_and_citations_are_in_the_events(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = OPENAI_RESPONSES
    searched = item_added(0, {"type": "web_search_call", "id": "ws_1", "action": {}})
    cited = event(
        "response.output_text.annotation.added",
        item_id="msg_1",
        output_index=0,
        content_index=0,
        annotation_index=0,
        annotation={"type": "url_citation", "url": "https://host.invalid/news"},
    )
    with Loopback() as server:
        monkeypatch.setenv(case.key_variable, "a-secret-key")
        monkeypatch.setenv(case.url_variable, case.url(server.url))
        server.queue = [
            Response([searched, *case.begin, case.text("Much."), cited, *case.end(3, 2)])
        ]
        run(SEARCH)
        assert server.requests[0].json["tools"] == [{"type": "web_search"}]
    assert capsys.readouterr().out == (
        "[web_search_call]\n[message]\nMuch. (https://host.invalid/news)"
    )


def test_encrypted_reasoning_is_sent_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = OPENAI_RESPONSES
    output = [REASONING, message("Jane Austen.")]
    last = event("response.completed", response=response(output))
    with Loopback() as server:
        monkeypatch.setenv(case.key_variable, "a-secret-key")
        monkeypatch.setenv(case.url_variable, case.url(server.url))
        server.default = lambda: Response([last])
        run(ENCRYPTED)
        first, second = (request.json for request in server.requests)
    assert capsys.readouterr().out == "Jane Austen." * 2
    assert first["include"] == ["reasoning.encrypted_content"]
    assert second["input"][1:3] == output


def test_the_server_may_keep_the_conversation(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("Jane Austen.")
    llm.reply("In 1815.")
    run(STORED)
    assert capsys.readouterr().out == "In 1815.\n"
    assert llm.requests[1].json["previous_response_id"] == "resp_1"
    assert [message.role for message in llm.requests[1].messages] == ["user"]
