"""What real exporters send of our calls, and where Logfire, Langfuse and Phoenix look for it.

Langfuse and Phoenix are servers; the names are those that their sources read
(``OtelIngestionProcessor.ts``, ``phoenix/trace/gen_ai/conversion.py``).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from support.cases import Case, Driver
from support.otlp import OTLPReceiver, attributes_of, run_exporting
from support.providers.openai import OPENAI
from support.spans import traced

from mirascope.testing.loopback import Loopback, Response, dripping

READ = {
    "langfuse": {
        "input": "gen_ai.input.messages",
        "output": "gen_ai.output.messages",
        "model": "gen_ai.response.model",
        "input tokens": "gen_ai.usage.input_tokens",
        "output tokens": "gen_ai.usage.output_tokens",
        "parameters": "gen_ai.request.temperature",
    },
    "phoenix": {
        "kind": "gen_ai.operation.name",
        "input": "gen_ai.input.messages",
        "output": "gen_ai.output.messages",
        "model": "gen_ai.request.model",
        "provider": "gen_ai.provider.name",
        "prompt tokens": "gen_ai.usage.input_tokens",
        "completion tokens": "gen_ai.usage.output_tokens",
        "finish reason": "gen_ai.response.finish_reasons",
    },
    "logfire": {
        "operation": "gen_ai.operation.name",
        "input": "gen_ai.input.messages",
        "output": "gen_ai.output.messages",
        "model": "gen_ai.response.model",
        "input tokens": "gen_ai.usage.input_tokens",
        "output tokens": "gen_ai.usage.output_tokens",
    },
}


def test_a_receiver_gets_spans_and_metrics(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(dripping(case.response("Hello", " world"), 0.02))]
    with OTLPReceiver() as receiver:
        provider = TracerProvider(shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{receiver.url}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{receiver.url}/v1/metrics"))
        meters = MeterProvider([reader], shutdown_on_exit=False)
        with traced(tracer_provider=provider, meter_provider=meters, capture_content=True):
            function = driver.function(case, call_params={"temperature": 0.5})
            driver.call_and_read(function)
        provider.shutdown()
        meters.shutdown()
    (span,) = receiver.spans
    found = attributes_of(span)
    for page, names in READ.items():
        assert {what for what, name in names.items() if not found.get(name)} == set(), page
    (said,) = json.loads(found["gen_ai.output.messages"])
    assert said["parts"] == [{"type": "text", "content": "Hello world"}]
    assert {metric.name for metric in receiver.metrics} == {
        "gen_ai.client.operation.duration",
        "gen_ai.client.operation.time_per_output_chunk",
        "gen_ai.client.operation.time_to_first_chunk",
        "gen_ai.client.token.usage",
    }


def run(code: str, receiver: OTLPReceiver, server: Loopback, **environment: str) -> str:
    """Run a program whose spans go to a receiver; return what it prints."""
    done = run_exporting(code, receiver, server, **environment)
    assert done.stderr == ""
    return done.stdout


EXIT = """
import asyncio
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from mirascope import otel
from mirascope.core import openai

otel.instrument()
provider = TracerProvider()  # it exports at exit, after what was registered later
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
"""
SYNC = """
items = iter(openai.call("m", stream=True)(lambda: "Hi")())
next(items)
"""
ASYNC = """
@openai.call("m", stream=True)
async def recommend() -> str:
    return "Hi"

kept = []
async def read() -> None:
    items = aiter(await recommend())
    kept.append(items)
    await anext(items)
"""
ENDED_LOOP = "asyncio.run(read())\n"
LEFT_LOOP = "loop = asyncio.new_event_loop()\nloop.run_until_complete(read())\n"


@pytest.mark.parametrize(
    ("code", "state"),
    [(SYNC, "open"), (ASYNC + ENDED_LOOP, "closed"), (ASYNC + LEFT_LOOP, "open")],
    ids=["sync", "async", "async, of a loop that was left"],
)
def test_a_stream_that_is_open_at_exit_is_exported(code: str, state: str) -> None:
    with Loopback() as server, OTLPReceiver() as receiver:
        server.default = lambda: Response([*OPENAI.response("Hello")[:1]], length=10_000)
        run(EXIT + code, receiver, server, PYTHONWARNINGS="ignore")
        (span,) = receiver.spans
    found = attributes_of(span)
    assert (found["mirascope.stream.state"], span.status.code) == (state, 0)


LOGFIRE = """
import json, logfire
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
logfire.configure(
    send_to_logfire=False,
    console=False,
    additional_span_processors=[SimpleSpanProcessor(OTLPSpanExporter())],
)
from mirascope import otel
from mirascope.core import openai
otel.instrument(capture_content=True)
with logfire.span("outer"):
    for _ in openai.call("m", stream=True)(lambda: "Hi")():
        pass
"""


def test_logfire_passes_on_what_its_page_shows() -> None:
    pytest.importorskip("logfire", reason="it changes how pydantic is imported, so CI has it not")
    with Loopback() as server, OTLPReceiver() as receiver:
        server.default = lambda: Response(OPENAI.response("Hello"))
        run(LOGFIRE, receiver, server, PYTHONWARNINGS="ignore")
    spans: dict[str, Any] = {span.name: span for span in receiver.spans}
    call, outer = spans["chat m"], spans["outer"]
    assert call.parent_span_id == outer.span_id
    found = attributes_of(call)
    assert {what for what, name in READ["logfire"].items() if not found.get(name)} == set()
