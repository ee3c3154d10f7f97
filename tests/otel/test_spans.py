"""Each call has one span, which says what was requested and received, and how that ended.

Every way for a stream to end is a row of ``tests/programs/failure_rows.py``; the test of that table
checks the spans, too.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import anyio
import httpx2
import openai as openai_sdk
import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind
from support.cases import Case, Driver
from support.providers.anthropic import ANTHROPIC
from support.providers.openai import OPENAI
from support.spans import Spans, attributes, outcome, traced

from mirascope import errors, llm, otel
from mirascope.core import openai
from mirascope.retries import fallback
from mirascope.testing.loopback import Loopback, Response, Stall

PARAMS = {"temperature": 0.5, "max_tokens": 7, "top_p": 0.25}


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a key, for calls that are not sent."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-secret-key")


def received(case: Case) -> dict[str, Any]:
    """Return the attributes of a complete response."""
    found = {
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 2,
    }
    return found | ({"gen_ai.response.model": case.model} if case.model else {})


def test_a_stream_has_a_span_with_all_that_is_known(
    case: Case, driver: Driver, server: Loopback, spans: Spans
) -> None:
    server.queue = [Response(case.response("Hello", " world"))]
    driver.call_and_read(driver.function(case, call_params=PARAMS))
    span = spans.one
    found = attributes(span)
    assert (span.name, span.kind) == ("chat requested-model", SpanKind.CLIENT)
    assert found.pop("gen_ai.response.time_to_first_chunk") > 0
    assert bool(found.pop("gen_ai.response.id", None)) is case.has_ids
    if case.model is None:
        assert found.pop("gen_ai.response.model") == "requested-model"
    names = {
        "azure": "azure.ai.openai",
        "azure_responses": "azure.ai.openai",
        "bedrock": "aws.bedrock",
        "gemini": "gcp.gemini",
        "mistral": "mistral_ai",
        "openai_responses": "openai",
        "vertex": "gcp.vertex_ai",
    }
    assert found == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": names.get(case.name, case.name),
        "gen_ai.request.model": "requested-model",
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 7,
        "gen_ai.request.top_p": 0.25,
        "mirascope.stream.state": "finished",
        **received(case),
    }
    assert outcome(span) == ("UNSET", None, "finished")


def test_a_plain_call_has_a_span(
    case: Case, driver: Driver, server: Loopback, spans: Spans
) -> None:
    server.queue = [Response.of_json(case.plain("Hello"))]
    driver.call(driver.function(case, stream=False))
    found = attributes(spans.one)
    assert found.items() >= received(case).items()
    assert outcome(spans.one) == ("UNSET", None, None)
    assert not found.keys() & {"gen_ai.request.stream", "gen_ai.response.time_to_first_chunk"}


def test_a_plain_call_that_fails_has_a_span(
    case: Case, driver: Driver, server: Loopback, spans: Spans
) -> None:
    server.default = lambda: case.refusal(401, "No: a-secret-key, a secret prompt")
    with pytest.raises(errors.AuthenticationFailed):
        driver.call(driver.function(case, stream=False))
    assert outcome(spans.one) == ("ERROR", "AuthenticationFailed", None)
    assert spans.one.status.description == "AuthenticationFailed (HTTP 401)"


def test_a_plain_call_that_is_cancelled_has_a_span(
    case: Case, server: Loopback, spans: Spans
) -> None:
    server.default = lambda: Response(before=[Stall()])
    function = Driver(asynchronous=True).function(case, stream=False)

    async def cancelled() -> None:
        with anyio.move_on_after(0.1):
            await function("fantasy")

    anyio.run(cancelled)
    assert outcome(spans.one) == ("ERROR", "CancelledError", None)


@pytest.mark.parametrize("stream", [True, False])
def test_retries_are_events(
    case: Case, driver: Driver, server: Loopback, spans: Spans, *, stream: bool
) -> None:
    whole = Response(case.response("Hello")) if stream else Response.of_json(case.plain("Hello"))
    server.queue = [case.refusal(429, retry_after="0"), case.refusal(503, retry_after="0"), whole]
    function = driver.function(case, stream=stream)
    if stream:
        driver.call_and_read(function)
    else:
        driver.call(function)
    events = [(event.name, dict(event.attributes or {})) for event in spans.one.events]
    assert events == [
        (
            "mirascope.retry",
            {
                "error.type": kind,
                "mirascope.retry.count": count,
                "mirascope.retry.wait": 0.0,
                "mirascope.retry.restarts": False,
                "mirascope.retry.resumes": False,
            },
        )
        for count, kind in ((1, "RateLimited"), (2, "Overloaded"))
    ]
    assert outcome(spans.one)[0] == "UNSET"


def test_a_restart_is_an_event_of_the_same_span(
    case: Case, driver: Driver, server: Loopback, spans: Spans
) -> None:
    server.queue = [
        Response([*case.begin, case.text("Hel"), case.failure]),
        Response(case.response("Hello")),
    ]
    driver.call_and_read(driver.function(case, on_interrupt="restart"))
    (event,) = spans.one.events
    assert (event.attributes or {})["mirascope.retry.restarts"] is True
    assert outcome(spans.one) == ("UNSET", None, "finished")


@pytest.mark.parametrize("stream", [True, False])
def test_an_invalid_response_model_is_an_error_beside_the_response(
    case: Case, driver: Driver, server: Loopback, spans: Spans, *, stream: bool
) -> None:
    said = "no number"
    server.queue = [Response(case.response(said)) if stream else Response.of_json(case.plain(said))]
    function = driver.function(case, stream=stream, response_model=int)
    with pytest.raises(ValueError, match="int"):
        driver.call_and_read(function) if stream else driver.call(function)
    assert outcome(spans.one) == ("ERROR", "ValidationError", "finished" if stream else None)
    assert spans.one.status.description == "ValidationError"
    assert attributes(spans.one).items() >= received(case).items()
    assert attributes(spans.one)["gen_ai.output.type"] == "json"


def test_a_stream_that_is_not_iterated_has_no_span(
    case: Case, driver: Driver, server: Loopback, spans: Spans
) -> None:
    stream = driver.call(driver.function(case))
    if driver.asynchronous:
        driver.run(stream.aclose)
    else:
        stream.close()
    del stream
    assert (spans.started, server.requests) == (0, [])


def test_the_parent_is_the_span_of_the_call_and_no_span_is_current_in_the_loop(
    case: Case, driver: Driver, server: Loopback, spans: Spans
) -> None:
    server.queue = [Response(case.response("Hello"))]
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
    function = driver.function(case)
    current: list[object] = []

    async def call_and_read() -> None:
        with tracer.start_as_current_span("outer"):
            stream = await function("fantasy") if driver.asynchronous else function("fantasy")
        if driver.asynchronous:
            current.extend([trace.get_current_span() async for _ in stream])
        else:
            current.extend(trace.get_current_span() for _ in stream)

    anyio.run(call_and_read)
    assert spans.one.parent is not None
    assert set(current) == {trace.INVALID_SPAN}


@pytest.mark.parametrize("stream", [True, False])
def test_the_span_is_current_while_the_request_is_sent(
    driver: Driver, spans: Spans, *, stream: bool
) -> None:
    sent_in: list[object] = []

    def note(_: object) -> None:
        sent_in.append(trace.get_current_span().get_span_context())

    async def anote(_: object) -> None:
        note(_)

    async def call(server: Loopback) -> None:
        options: dict[str, Any] = {"base_url": OPENAI.url(server.url), "api_key": "a-secret-key"}
        if driver.asynchronous:
            async with httpx2.AsyncClient(event_hooks={"request": [anote]}) as http:
                client = openai_sdk.AsyncOpenAI(**options, http_client=http)
                result = await driver.function(OPENAI, stream=stream, client=client)("fantasy")
                assert [item async for item in result] if stream else result.content
        else:
            with httpx2.Client(event_hooks={"request": [note]}) as http:
                client = openai_sdk.OpenAI(**options, http_client=http)
                result = driver.function(OPENAI, stream=stream, client=client)("fantasy")
                assert list(result) if stream else result.content

    with Loopback() as server:
        plain = Response.of_json(OPENAI.plain("Hello"))
        server.queue = [Response(OPENAI.response("Hello")) if stream else plain]
        anyio.run(call, server)
    assert sent_in == [spans.one.context]
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_a_callback_that_raises_leaves_no_span_open(
    case: Case, server: Loopback, spans: Spans
) -> None:
    server.queue = [Response(case.response("Hello"))]
    stream = Driver(asynchronous=False).call(Driver(asynchronous=False).function(case))

    def fail(_: object) -> None:
        assert not spans.open
        raise LookupError

    stream.on_end.append(fail)
    with pytest.raises(LookupError):
        list(stream)
    assert outcome(spans.one) == ("UNSET", None, "finished")


# What is traced.


def test_functions_are_traced_that_were_decorated_before(case: Case, server: Loopback) -> None:
    server.default = lambda: Response(case.response("Hello"))
    function = Driver(asynchronous=False).function(case)
    with traced() as spans:
        list(function("fantasy"))
        otel.uninstrument()
        list(function("fantasy"))
        otel.uninstrument()
    assert spans.one


def test_a_call_is_not_traced_where_instrumentation_is_suppressed(
    case: Case, server: Loopback, spans: Spans
) -> None:
    server.default = lambda: Response(case.response("Hello"))
    token = context.attach(context.set_value("suppress_instrumentation", value=True))
    list(Driver(asynchronous=False).function(case)("fantasy"))
    context.detach(token)
    assert spans.started == 0
    list(Driver(asynchronous=False).function(case)("fantasy"))
    assert spans.one


def test_instrumenting_twice_makes_one_span(case: Case, server: Loopback) -> None:
    server.default = lambda: Response(case.response("Hello"))
    with traced() as first, traced() as second:
        list(Driver(asynchronous=False).function(case)("fantasy"))
    assert (first.started, len(second.ended)) == (0, 1)


def test_a_call_of_any_provider_has_one_span_and_so_has_each_override(
    case: Case, driver: Driver, server: Loopback, spans: Spans
) -> None:
    server.default = lambda: Response(case.response("Hello"))

    def recommend(genre: str) -> str:
        return genre

    async def arecommend(genre: str) -> str:
        return genre

    prompt = arecommend if driver.asynchronous else recommend
    function = llm.call(case.name, "requested-model", stream=True)(prompt)
    driver.call_and_read(function)
    assert spans.one
    driver.call_and_read(llm.override(function, provider=case.name, model="another"))
    assert [span.name for span in spans.ended] == ["chat requested-model", "chat another"]


def test_each_model_that_a_fallback_calls_has_a_span(
    driver: Driver, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recommend(genre: str) -> str:
        return genre

    async def arecommend(genre: str) -> str:
        return genre

    prompt = arecommend if driver.asynchronous else recommend
    function = llm.call("openai", "first", stream=True, max_retries=0)(prompt)
    other = {"catch": errors.StreamError, "provider": "anthropic", "model": "second"}
    with Loopback() as first, Loopback() as second:
        for case, server in ((OPENAI, first), (ANTHROPIC, second)):
            monkeypatch.setenv(case.key_variable, "a-secret-key")
            monkeypatch.setenv(case.url_variable, case.url(server.url))
        first.default = lambda: OPENAI.refusal(503)
        second.default = lambda: Response(ANTHROPIC.response("Hello"))
        driver.call_and_read(fallback(errors.StreamError, [other])(function))  # type: ignore[list-item]
    assert [(span.name, *outcome(span)[:2]) for span in spans.ended] == [
        ("chat first", "ERROR", "Overloaded"),
        ("chat second", "UNSET", None),
    ]


@pytest.mark.usefixtures("no_server")
def test_a_tracer_that_fails_does_not_fail_the_call(caplog: pytest.LogCaptureFixture) -> None:
    class BrokenProvider(trace.NoOpTracerProvider):
        def get_tracer(self, *_: Any, **__: Any) -> Any:
            class Broken(trace.NoOpTracer):
                def start_span(self, *_: Any, **__: Any) -> Any:
                    raise LookupError("a secret prompt")

            return Broken()

    with Loopback() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv(OPENAI.url_variable, OPENAI.url(server.url))
        server.queue = [Response(OPENAI.response("Hello"))]
        with traced(tracer_provider=BrokenProvider()):
            stream = openai.call("m", stream=True)(lambda: "Hi")()
            assert "".join(chunk.content for chunk, _ in stream) == "Hello"
    assert "LookupError" in caplog.text
    assert "secret" not in caplog.text


def test_without_the_extra_the_error_names_it() -> None:
    code = """
import sys
sys.modules["opentelemetry"] = None
import mirascope
from mirascope import errors
try:
    mirascope.otel.instrument()
except errors.MissingSDKError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "mirascope-streams[otel]" in done.stdout
