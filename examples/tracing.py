"""Trace calls with OpenTelemetry: ``python examples/tracing.py`` prints the span of a call.

It needs ``pip install 'mirascope-streams[local,otel]' opentelemetry-sdk`` and no key: a small model
runs on this machine. ``MODEL`` names another. To send spans to Jaeger, Langfuse
or another collector instead, set ``OTEL_EXPORTER_OTLP_ENDPOINT`` and install
``opentelemetry-exporter-otlp-proto-http``.
"""

from __future__ import annotations

import os
from typing import Final

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

from mirascope import llm, local, otel

MODEL: Final = os.environ.get("MODEL", f"openai:{local.MODEL}")
CLIENT: Final = None if "MODEL" in os.environ else local.client()


@llm.call(MODEL, client=CLIENT, stream=True)
def recommend(genre: str) -> str:
    return f"Recommend a {genre} book"


def exporter() -> SpanExporter:
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # optional
        OTLPSpanExporter,
    )

    return OTLPSpanExporter()


def main() -> None:
    provider = TracerProvider(resource=Resource({"service.name": "librarian"}))
    provider.add_span_processor(BatchSpanProcessor(exporter()))
    trace.set_tracer_provider(provider)
    otel.instrument(capture_content=True)
    with trace.get_tracer("librarian").start_as_current_span("evening"):
        for chunk, _ in recommend("fantasy"):
            print(chunk.content, end="", flush=True)
    print()
    provider.shutdown()  # sends the spans that wait


if __name__ == "__main__":
    main()
