"""The samples of ``docs/clouds.md`` do what the page claims."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anyio
import pytest
from support.providers.anthropic import ANTHROPIC

from mirascope import llm as llm_calls
from mirascope.core import openai
from mirascope.core.azure._provider import _ENV as AZURE_ENV
from mirascope.core.gemini._provider import _ENV as GEMINI_ENV
from mirascope.testing import ScriptedProvider
from mirascope.testing.loopback import Loopback, Response

PAGE = (Path(__file__).parents[2] / "docs" / "providers" / "clouds.md").read_text()
AZURE, FILTERED, VERTEX, CLAUDE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "<the page>", "exec"), names)  # noqa: S102  # samples are to be run
    return names


def test_a_deployment_on_azure_streams(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("The Name of the Wind")
    run(AZURE)
    assert capsys.readouterr().out == "The Name of the Wind"
    [request] = llm.requests
    assert (request.provider, request.model) == ("azure", "my-gpt-4o")


def test_the_results_of_azure_s_filter_are_in_the_response(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("The Name of the Wind")
    run(FILTERED)
    assert "{'filtered': False, 'severity': 'safe'}" in capsys.readouterr().out


def test_a_function_is_moved_to_azure(llm: ScriptedProvider) -> None:
    @llm_calls.call("openai:gpt-4o", stream=True)
    def recommend_book(genre: str) -> str:
        return f"Recommend a {genre} book"

    llm.reply("The Name of the Wind")
    moved = llm_calls.override(recommend_book, provider="azure", model="my-gpt-4o")
    stream = moved("fantasy")
    assert "".join(chunk.content for chunk, _ in stream) == "The Name of the Wind"
    assert isinstance(stream.construct_call_response()._response, openai.OpenAICallResponse)
    assert llm.requests[0].provider == "azure"


def test_a_model_on_vertex_streams(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("The Name of the Wind")
    anyio.run(run(VERTEX)["main"])
    assert capsys.readouterr().out == "The Name of the Wind"
    [request] = llm.requests
    assert (request.provider, request.model) == ("vertex", "gemini-2.5-flash")


def test_claude_on_vertex_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback() as server:
        server.queue = [Response(ANTHROPIC.response("The Name of the Wind"))]
        monkeypatch.setenv("ANTHROPIC_VERTEX_BASE_URL", f"{server.url}/v1")
        names = run(CLAUDE)
        with names["client"] as client:
            client.access_token = "a-token"
            stream = names["recommend_book"]("fantasy")
            assert "".join(chunk.content for chunk, _ in stream) == "The Name of the Wind"
        [request] = server.requests
    assert "/projects/my-project/locations/europe-west1/publishers/anthropic/" in request.path


def test_the_variables_of_the_page_are_those_of_the_default_clients() -> None:
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE))
    assert named <= {*AZURE_ENV, *GEMINI_ENV}
