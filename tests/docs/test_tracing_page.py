"""The samples and the names of ``docs/tracing.md``."""

from __future__ import annotations

import logging
import re
import subprocess
from pathlib import Path

import pytest
from support.otlp import OTLPReceiver, attributes_of, run_exporting
from support.providers.openai import OPENAI

from mirascope import otel
from mirascope.otel import _names as names
from mirascope.testing.loopback import Loopback, Response

PAGE = (Path(__file__).parents[2] / "docs" / "places" / "tracing.md").read_text()
SETUP, METRICS, CONTENT, LOGS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
LINES = re.findall(r"```\n(WARNING .*?)```", PAGE, re.DOTALL)[0].splitlines()


def run(code: str, *responses: Response) -> tuple[OTLPReceiver, subprocess.CompletedProcess[str]]:
    """Run a program with a provider and a receiver; return what those got, and what it printed."""
    with Loopback() as server, OTLPReceiver() as receiver:
        server.queue = [*responses]
        done = run_exporting(code, receiver, server)
    return receiver, done


def test_the_samples_export_spans_and_metrics() -> None:
    code = METRICS + SETUP.replace("otel.instrument()\n", "")
    receiver, done = run(code, Response(OPENAI.response("Emma")))
    assert (done.stdout, done.stderr) == ("Emma", "")
    (span,) = receiver.spans
    assert span.name == "chat gpt-4o-mini"
    exported = {metric.name for metric in receiver.metrics}
    assert exported >= {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}


def test_the_first_sample_and_the_one_of_content_export_a_span() -> None:
    code = CONTENT.partition("otel.instrument")[0] + SETUP.replace(
        "otel.instrument()", "otel.instrument(capture_content=True, redact=without_addresses)"
    ).replace('book("fantasy")', 'book("fantasy@example.com")')
    assert "redact=without_addresses" in CONTENT
    receiver, _ = run(code, Response(OPENAI.response("Emma")))
    found = attributes_of(receiver.spans[0])
    assert "Recommend a [address] book" in found["gen_ai.input.messages"]
    receiver, _ = run(SETUP, Response(OPENAI.response("Emma")))
    assert "gen_ai.input.messages" not in attributes_of(receiver.spans[0])


def test_the_lines_of_the_log_are_those_of_the_page() -> None:
    code = LOGS + "from mirascope import llm\n" + SETUP[SETUP.index("@llm.call") :]
    refused = OPENAI.refusal(429, retry_after="0")
    _, done = run(code, refused, Response(OPENAI.response("Emma")))
    found = [line for line in done.stderr.splitlines() if "gpt-4o-mini: " in line]

    def without_seconds(lines: list[str]) -> list[str]:
        return [re.sub(r"\d+\.\d\d s", "... s", line) for line in lines]

    assert without_seconds(found) == without_seconds(LINES)


def test_the_page_has_every_name() -> None:
    shown = set(re.findall(r"`((?:gen_ai|mirascope|operation|error)\.[\w.]+)`", PAGE))
    constants = (value for name, value in vars(names).items() if name.isupper())
    used = {value for value in constants if isinstance(value, str) and "." in value}
    used |= {*names.REQUEST_PARAMS.values(), *names.READ_COST}
    for chosen in (names.DEFAULT, names.NEWEST):
        used |= {chosen.duration, chosen.time_to_first_chunk, chosen.time_per_output_chunk}
        used |= {*chosen.tokens, *(chosen.used_tokens or ())}
    assert shown - {"mirascope.errors"} == used


@pytest.fixture(autouse=True)
def untraced() -> None:
    otel.uninstrument()
    logging.getLogger("mirascope").setLevel(logging.NOTSET)
