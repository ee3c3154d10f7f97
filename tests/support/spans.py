"""What the tracing of calls makes, kept in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider

from mirascope import otel
from mirascope.otel import _names as names


class Spans(SpanProcessor):
    """The spans of calls: those that ended, and how many have not.

    Attributes:
        ended: The spans that ended, in that order.
        started: The number of spans that started.
    """

    def __init__(self) -> None:
        self.ended: list[ReadableSpan] = []
        self.started = 0
        self._changed = threading.Condition()

    def on_start(self, span: Span, parent_context: Any = None) -> None:  # noqa: ARG002  # as it is called
        with self._changed:
            self.started += 1

    def on_end(self, span: ReadableSpan) -> None:
        with self._changed:
            self.ended.append(span)
            self._changed.notify_all()

    @property
    def open(self) -> int:
        """The number of spans that have started and not ended."""
        return self.started - len(self.ended)

    def settle(self, seconds: float) -> None:
        """Wait until no span is open, but not for long."""
        with self._changed:
            self._changed.wait_for(lambda: not self.open, seconds)

    @property
    def one(self) -> ReadableSpan:
        """The only span."""
        (span,) = self.ended
        assert not self.open
        return span


@contextmanager
def traced(**options: Any) -> Iterator[Spans]:
    """Trace calls, without metrics unless a provider of those is given."""
    spans = Spans()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(spans)
    otel.instrument(
        **{"tracer_provider": provider, "meter_provider": NoOpMeterProvider(), **options}
    )
    try:
        yield spans
    finally:
        otel.uninstrument()


def of_provider(spans: list[ReadableSpan], provider: str) -> list[ReadableSpan]:
    """Return the spans of one provider's calls."""
    name = names.PROVIDERS.get(provider, provider)
    return [span for span in spans if attributes(span)[names.PROVIDER] == name]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})


def outcome(span: ReadableSpan) -> tuple[str, str | None, str | None]:
    """Return how a call ended by its span: the status, the type of the error, and the state."""
    found = attributes(span)
    status = span.status.status_code.name
    return status, found.get(names.ERROR_TYPE), found.get(names.STREAM_STATE)
