"""A receiver of OTLP over HTTP, for what real exporters send."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mirascope.testing.loopback import Loopback
from support.providers.openai import OPENAI


class OTLPReceiver(ThreadingHTTPServer):
    """Keeps the spans and metrics that are sent to it, and answers that all is well."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.spans: list[Any] = []
        self.metrics: list[Any] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: OTLPReceiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    self.server.spans += scope.spans
        else:
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    self.server.metrics += scope.metrics
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def attributes_of(sent: Any) -> dict[str, Any]:
    """Return the attributes of a span or of a data point as they were sent."""
    return {each.key: _value(each.value) for each in sent.attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    found = getattr(value, kind)
    return [_value(each) for each in found.values] if kind == "array_value" else found


def run_exporting(
    code: str, receiver: OTLPReceiver, server: Loopback, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program that talks to a provider, and whose spans and metrics go to a receiver."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            OPENAI.key_variable: "a-secret-key",
            OPENAI.url_variable: OPENAI.url(server.url),
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            **environment,
        },
        check=True,
        capture_output=True,
        text=True,
    )
