"""The samples in ``docs/bedrock.md`` do what the page claims."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mirascope.testing import ScriptedProvider

PAGE = (Path(__file__).parents[2] / "docs" / "providers" / "bedrock.md").read_text()
STREAMED, PARAMETERS, CLAUDE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def run(code: str) -> None:
    exec(compile(code, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run


def test_a_stream_is_printed(llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]) -> None:
    llm.reply("The Name of the Wind", usage=(3, 5))
    run(STREAMED)
    assert capsys.readouterr().out == "The Name of the Wind\n5 tokens\n"
    [request] = llm.requests
    assert (request.provider, request.model) == ("bedrock", "amazon.nova-lite-v1:0")
    assert request.stream


def test_common_parameters_are_sent(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("Short.")
    run(PARAMETERS)
    assert capsys.readouterr().out == "Short.\n"
    assert llm.requests[0].json["inferenceConfig"] == {"temperature": 0.2, "maxTokens": 500}


def test_claude_s_client_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "a-bearer-token")
    run(CLAUDE)
