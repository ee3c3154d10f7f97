"""Turns tracing on and off for the process."""

from __future__ import annotations

from opentelemetry.metrics import MeterProvider, get_meter
from opentelemetry.trace import TracerProvider, get_tracer

from mirascope._version import __version__
from mirascope.core._observers.registry import add_observer, remove_observer
from mirascope.otel import _names as names
from mirascope.otel._content import Redact
from mirascope.otel._metrics import Metrics
from mirascope.otel._traced_call import Tracing

_SCOPE = "mirascope"

_tracing: Tracing | None = None


def instrument(
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    capture_content: bool | None = None,
    redact: Redact | None = None,
) -> None:
    r"""Trace all calls of this process from now on, whenever their functions were decorated.

    Each call has one span, which ends when its response does, in whatever way that is, and metrics.
    A second `instrument` replaces the settings of the first; a call has one span all the same.

    Args:
        tracer_provider: Where the spans go; by default the global one, also if it is set later.
        meter_provider: Where the metrics go; by default the global one, also if it is set later.
        capture_content: Whether spans have prompts, responses and tools. By default the environment
            variable ``OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`` decides; without it they
            have none.
        redact: Receives the JSON text of each attribute with content, and returns the text that is
            recorded, or ``None`` for nothing. If it raises, the attribute is left out and a warning
            is logged.

    Example:
        >>> import re
        >>> from mirascope import otel
        >>> def without_addresses(text: str) -> str:
        ...     return re.sub(r"[\w.]+@[\w.]+", "[address]", text)
        >>> otel.instrument(capture_content=True, redact=without_addresses)
        >>> otel.uninstrument()
    """
    global _tracing  # noqa: PLW0603  # of the process
    uninstrument()
    _tracing = Tracing(
        tracer=get_tracer(_SCOPE, __version__, tracer_provider),
        metrics=Metrics(get_meter(_SCOPE, __version__, meter_provider), names.metric_names()),
        captures_content=names.captures_content() if capture_content is None else capture_content,
        redact=redact,
    )
    add_observer(_tracing)


def uninstrument() -> None:
    """Trace no further call; the spans of open streams still end."""
    global _tracing  # noqa: PLW0603  # of the process
    if _tracing is not None:
        remove_observer(_tracing)
        _tracing = None
