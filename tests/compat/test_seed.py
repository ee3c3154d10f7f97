"""The samples of the page that this project was made from, run word for word."""

from __future__ import annotations

import openai as sdk
import pytest
from support.cases import Case
from support.providers import CASES
from support.providers.openai import OPENAI
from support.seed import BASIC, CORRECTED, DETAILS, HANDLING, PAGES, run

from mirascope import errors
from mirascope.core.base.stream import BaseStream
from mirascope.core.openai import OpenAIStream
from mirascope.testing.loopback import Abort, Loopback, Response

pytestmark = pytest.mark.skipif(not PAGES, reason="the page is not here")


@pytest.fixture(params=[OPENAI], ids=["openai"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def test_the_page_has_three_samples() -> None:
    assert BASIC.startswith("from mirascope.core import openai, prompt_template")
    assert DETAILS.startswith("# Accessing OpenAI-specific")
    assert HANDLING.startswith("from openai import OpenAIError")


def test_the_samples_print_the_answer(server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    server.queue = [Response(OPENAI.response("The ", "Hobbit"))]
    names = run(BASIC)
    assert capsys.readouterr().out == "The Hobbit"
    run(DETAILS, chunk=names["chunk"])
    assert capsys.readouterr().out == "Content: None\n"
    assert server.requests[0].json["messages"] == [
        {"role": "user", "content": "Recommend a fantasy book"}
    ]


@pytest.mark.parametrize("provider", CASES, ids=lambda case: case.name)
def test_the_basic_sample_runs_with_every_provider_by_changing_names_only(
    provider: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Loopback() as server:
        monkeypatch.setenv(provider.key_variable, "a-secret-key")
        monkeypatch.setenv(provider.url_variable, provider.url(server.url))
        server.queue = [Response(provider.response("The ", "Hobbit"))]
        run(BASIC.replace("openai", provider.name))
    assert capsys.readouterr().out == "The Hobbit"


def test_provider_specific_details_work_on_every_item(server: Loopback) -> None:
    server.queue = [Response(OPENAI.response("The ", "Hobbit"))]
    inner = "\n    ".join(DETAILS.splitlines())
    names = run(BASIC.replace('print(chunk.content, end="", flush=True)', inner))
    assert isinstance(names["recommend_book"]("fantasy"), OpenAIStream)
    assert isinstance(names["recommend_book"]("fantasy"), BaseStream)


def test_the_page_s_error_sample_names_the_variable_that_it_gets_wrong(server: Loopback) -> None:
    """Its template has ``genre``, its function ``topic``: a KeyError at the call."""
    with pytest.raises(KeyError, match=r"genre.*topic"):
        run(HANDLING)
    assert server.requests == []


FAILURES: dict[str, Response] = {
    **{
        str(status): Response.of_json(
            {"error": {"message": "No."}}, status, **{"x-should-retry": "false"}
        )
        for status in (400, 401, 404, 429, 500)
    },
    "cut": Response([OPENAI.text("The "), OPENAI.text("Hobbit")[:30], Abort()]),
    "no finish": Response([OPENAI.text("The ")]),
    "malformed": Response([OPENAI.text("The "), b"data: {oops\n\n"]),
    "too large": Response([OPENAI.text("The "), b"data: "] + [b"x" * 2**20] * 50),
    "error event": Response([OPENAI.text("The "), OPENAI.failure]),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_the_corrected_error_sample_catches_every_failure(
    server: Loopback, capsys: pytest.CaptureFixture[str], failure: str
) -> None:
    server.queue = [FAILURES[failure]]
    run(CORRECTED)
    answer, _, error = capsys.readouterr().out.partition("\nStreaming Error: ")
    assert answer == ("" if failure.isdigit() else "The ")
    assert error.strip()
    assert "a-secret-key" not in error


def test_the_corrected_error_sample_catches_a_missing_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    run(CORRECTED)
    assert "OPENAI_API_KEY" in capsys.readouterr().out


def test_the_error_of_the_samples_is_of_both_trees() -> None:
    assert issubclass(sdk.OpenAIError, Exception)
    made = OpenAIStream._sdk_errors.make(errors.StreamTruncated, "cut off")
    assert isinstance(made, sdk.OpenAIError)
    assert isinstance(made, errors.StreamError)
