"""The metrics of calls: durations, times of chunks, tokens."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, Meter

from mirascope.core._observers.observation import AnyResponse, Streamed
from mirascope.otel import _names as names
from mirascope.otel._attributes import Attributes


class Metrics:
    """The instruments of all calls.

    Args:
        meter: Creates the instruments.
        chosen: The names of the metrics.
    """

    def __init__(self, meter: Meter, chosen: names.MetricNames) -> None:
        self._duration = _seconds(meter, chosen.duration, "Duration of a call.")
        self._to_first = _seconds(
            meter, chosen.time_to_first_chunk, "Time from the request to the first output."
        )
        self._per_chunk = _seconds(
            meter, chosen.time_per_output_chunk, "Mean time between the chunks of a stream."
        )
        of_tokens = {name: _tokens(meter, name) for name in chosen.tokens}
        self._tokens = [of_tokens[name] for name in chosen.tokens]
        self._has_types = len(of_tokens) == 1
        self._used = [meter.create_counter(name, "{token}") for name in chosen.used_tokens or ()]

    def record_times(
        self,
        attributes: Attributes,
        context: Context,
        *,
        duration: float,
        error_type: str | None,
        to_first: float | None,
        per_chunk: float | None,
    ) -> None:
        """Record the times of a call that has ended, in seconds.

        Args:
            attributes: The attributes of the call.
            context: The context with the span, for exemplars.
            duration: The duration of the call.
            error_type: What ended the call early, if anything did.
            to_first: The time to the first chunk, of a stream with output.
            per_chunk: The mean time between two chunks, of a stream with several.
        """
        failed: Attributes = {names.ERROR_TYPE: error_type} if error_type else {}
        self._duration.record(duration, attributes | failed, context)
        if to_first is not None:
            self._to_first.record(to_first, attributes, context)
        if per_chunk is not None:
            self._per_chunk.record(per_chunk, attributes, context)

    def record_tokens(
        self, attributes: Attributes, context: Context, result: Streamed | AnyResponse
    ) -> None:
        """Record the tokens that the provider reported."""
        counts = (result.input_tokens, result.output_tokens)
        kinds: Iterable[Attributes] = (
            ({names.TOKEN_TYPE: names.INPUT}, {names.TOKEN_TYPE: names.OUTPUT})
            if self._has_types
            else ({}, {})
        )
        for histogram, count, kind in zip(self._tokens, counts, kinds, strict=True):
            if count is not None:
                histogram.record(count, attributes | kind, context)
        by_modality = attributes | {names.TOKEN_MODALITY: names.UNKNOWN}
        for counter, count in zip(self._used, (*counts, result.cached_tokens), strict=False):
            if count is not None:
                counter.add(count, by_modality, context)


def _seconds(meter: Meter, name: str, description: str) -> Histogram:
    buckets = names.DURATION_BUCKETS
    return meter.create_histogram(
        name, "s", description, explicit_bucket_boundaries_advisory=buckets
    )


def _tokens(meter: Meter, name: str) -> Histogram:
    buckets = names.TOKEN_BUCKETS
    return meter.create_histogram(
        name,
        "{token}",
        "Number of tokens of a call.",
        explicit_bucket_boundaries_advisory=buckets,
    )
