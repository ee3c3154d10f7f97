"""Traces and metrics of calls by OpenTelemetry, which the extra ``otel`` installs.

The room turns the notifications of `mirascope.core._observers` into spans and metrics, by the
GenAI conventions. It imports `mirascope.core` and ``opentelemetry-api`` alone; an SDK and exporters
are the application's. Begin with ``_instrument.py``, then ``_traced_call.py``; all names of the
conventions are in ``_names.py``. docs/places/tracing.md has the rules.

Example:
    >>> from mirascope import otel
    >>> otel.instrument()
    >>> otel.uninstrument()
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("opentelemetry", "otel"):
    from mirascope.otel._instrument import instrument, uninstrument

__all__ = ["instrument", "uninstrument"]
