"""The samples of the page that this project was made from, on a real model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.fixtures import only_everywhere
from support.seed import BASIC, CORRECTED, DETAILS, PAGES, run

from mirascope import local

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not PAGES, reason="the page is not here")


@pytest.fixture(scope="module")
def model() -> Iterator[local.LocalServer]:
    with local.serve(context=256) as server:  # enough to ramble for a while, and not for long
        yield server


@only_everywhere  # tests/docs/test_first_page.py has the same on its own page
def test_the_samples_stream_from_a_real_model(
    model: local.LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", model.api_key)
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
    names = run(BASIC)
    answer = capsys.readouterr().out
    assert len(answer.split()) > 3
    chunk = names["chunk"]
    assert chunk.finish_reasons in (["stop"], ["length"])
    assert chunk.input_tokens > 0
    assert chunk.output_tokens > 3
    run(DETAILS, chunk=chunk)
    run(CORRECTED)
    assert "Streaming Error" not in capsys.readouterr().out


def test_the_corrected_error_sample_catches_a_real_server_s_refusal(
    model: local.LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-wrong-key")
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
    run(CORRECTED)
    assert "Streaming Error" in capsys.readouterr().out
