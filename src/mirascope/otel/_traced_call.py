"""The span of one call, and its metrics.

The parent of a span is the span that is current when the function is called, although a stream's
span starts only when its iteration does. The span is current while a request is sent, so that the
spans of an instrumented HTTP library are its children, and never across a ``yield``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import Token
from dataclasses import dataclass
from time import perf_counter

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    set_span_in_context,
)
from typing_extensions import override

from mirascope.core._errors.retry import Retry
from mirascope.core._observers.failures import describe, error_type
from mirascope.core._observers.observation import (
    AnyResponse,
    Call,
    ItemTimes,
    Observation,
    Streamed,
    log_failure,
)
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.otel import _names as names
from mirascope.otel._attributes import Attributes, identity, request_attributes, response_attributes
from mirascope.otel._content import Redact, as_attribute, content_of
from mirascope.otel._metrics import Metrics


@dataclass(frozen=True)
class Tracing:
    """How calls are traced; an observer of calls.

    Attributes:
        tracer: Starts the spans.
        metrics: Records the metrics.
        captures_content: Whether spans have prompts and responses.
        redact: The hook for those.
    """

    tracer: Tracer
    metrics: Metrics
    captures_content: bool
    redact: Redact | None

    def __call__(self, call: Call) -> Observation:
        """Return the observation of a call; one that does nothing where tracing is suppressed."""
        suppressed = otel_context.get_value(names.SUPPRESSED)
        return Observation() if suppressed else TracedCall(call, self)

    def content(self, call: Call, response: AnyResponse | None) -> Iterator[tuple[str, str]]:
        """Yield the attributes of the content of a call; what fails is left out."""
        for name, make in content_of(call, response).items():
            try:
                text = as_attribute(make, self.redact)
            except Exception as error:  # noqa: BLE001  # the user's hook, or an unknown message
                log_failure(f"a span is recorded without {name}", error)
            else:
                if isinstance(text, str):
                    yield name, text


class TracedCall(Observation):
    """Traces one call.

    Args:
        call: The call.
        tracing: How it is traced.
    """

    def __init__(self, call: Call, tracing: Tracing) -> None:
        self._call = call
        self._tracing = tracing
        self._parent = otel_context.get_current()
        self._span: Span = INVALID_SPAN
        self._started = 0.0
        self._token: Token[Context] | None = None
        self.item_times = ItemTimes() if call.streaming else None

    @override
    def start(self, stream: Streamed | None) -> None:
        self._started = perf_counter()
        self._span = self._tracing.tracer.start_span(
            f"{names.CHAT} {self._call.model}",
            context=self._parent,
            kind=SpanKind.CLIENT,
            attributes=request_attributes(self._call),
        )

    @override
    def before_request(self) -> None:
        self._token = otel_context.attach(set_span_in_context(self._span))

    @override
    def after_request(self) -> None:
        if self._token is not None:
            token, self._token = self._token, None
            otel_context.detach(token)

    @override
    def retry(self, retry: Retry) -> None:
        attributes: Attributes = {
            names.ERROR_TYPE: error_type(retry.error),
            names.RETRY_COUNT: retry.count,
            names.RETRY_WAIT: retry.wait,
            names.RETRY_RESTARTS: retry.restarts,
            names.RETRY_RESUMES: retry.resumes,
        }
        self._span.add_event(names.RETRY, attributes)

    @override
    def end(self, result: Streamed | AnyResponse | None, error: BaseException | None) -> None:
        duration = perf_counter() - self._started
        try:
            if not (result is None or isinstance(result, BaseCallResponse)):
                error = error or self._stream_error(result)
            if error is not None:
                self._span.set_attribute(names.ERROR_TYPE, error_type(error))
                self._span.set_status(StatusCode.ERROR, describe(error))
            self._record_metrics(result, error, duration)
            if self._span.is_recording():
                self._record_result(result)
        finally:
            self._span.end()

    def _stream_error(self, stream: Streamed) -> Exception | None:
        """Return why a complete stream does not fit its response model, if that is so.

        Only after its end, the stream itself raises that.
        """
        finished = stream.state == "finished"
        return self._call.validation_error(stream.partial) if finished else None

    def _record_result(self, result: Streamed | AnyResponse | None) -> None:
        """Record what was received on the span."""
        to_first, response = None, result
        if not (response is None or isinstance(response, BaseCallResponse)):
            self._span.set_attribute(names.STREAM_STATE, response.state)
            to_first, response = response.time_to_first_chunk, response.partial()
        if response is not None:
            self._span.set_attributes(response_attributes(response, to_first))
        if self._tracing.captures_content:
            self._span.set_attributes(dict(self._tracing.content(self._call, response)))

    def _record_metrics(
        self,
        result: Streamed | AnyResponse | None,
        error: BaseException | None,
        duration: float,
    ) -> None:
        attributes, metrics = identity(self._call), self._tracing.metrics
        context = set_span_in_context(self._span, self._parent)
        if result is not None:
            if result.id and result.model:  # before it is received, a stream has the requested one
                attributes[names.RESPONSE_MODEL] = result.model
            metrics.record_tokens(attributes, context, result)
        metrics.record_times(
            attributes,
            context,
            duration=duration,
            error_type=None if error is None else error_type(error),
            to_first=getattr(result, "time_to_first_chunk", None),
            per_chunk=self.item_times.mean_interval if self.item_times else None,
        )
