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
    r"""Trace all calls of this process from now on, with OpenTelemetry.

    It does not matter when the functions were decorated. Each call has one span, which ends when
    its response ends in any way, and metrics. A second call of `instrument` replaces the settings
    of the first; each call still has one span.

    Args:
        tracer_provider: The provider of the spans. Default: the global one, even if it is set
            later.
        meter_provider: The provider of the metrics. Default: the global one, even if it is set
            later.
        capture_content (bool | None): Whether spans include prompts, responses and tools. Default:
            the environment variable ``OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`` decides;
            without it, they do not.
        redact (Callable | None): Gets the JSON text of each attribute with content, and returns the
            text to record, or ``None`` to record nothing. If it raises an error, the attribute is
            left out and a warning is logged.

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
    """Trace no more calls. The spans of open streams still end."""
    global _tracing  # noqa: PLW0603  # of the process
    if _tracing is not None:
        remove_observer(_tracing)
        _tracing = None
