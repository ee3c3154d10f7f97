"""Metrics of calls, by default with the names that ``opentelemetry-util-genai`` emits."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from support.cases import Case, Driver
from support.providers.anthropic import ANTHROPIC
from support.providers.openai import OPENAI
from support.spans import attributes, traced

from mirascope import errors
from mirascope.testing.loopback import Loopback, Response, dripping

SYNC = Driver(asynchronous=False)
SECONDS = [0.01 * 2**power for power in range(14)]
TOKENS = [4**power for power in range(14)]


def points_of(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    """Return the data points by the names of the metrics."""
    data: Any = reader.get_metrics_data()
    return {
        metric.name: list(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def slowly(case: Case) -> Response:
    """Return a response that is received in several reads."""
    return Response(dripping(case.response("Hello", " ", "world"), 0.02))


def measured(case: Case, *responses: Response, **options: Any) -> dict[str, list[Any]]:
    """Return the metrics of one call for each response."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    with traced(meter_provider=provider):
        for _ in responses:
            attempt = SYNC.attempt(SYNC.function(case, **options))
            assert attempt.error is None or isinstance(attempt.error, errors.StreamError)
    return points_of(reader)


def test_a_stream_is_measured(case: Case, server: Loopback) -> None:
    response = slowly(case)
    server.queue = [response]
    points = measured(case, response)
    common = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "requested-model"}
    for name in ("duration", "time_to_first_chunk", "time_per_output_chunk"):
        (point,) = points.pop(f"gen_ai.client.operation.{name}")
        assert (point.count, list(point.explicit_bounds)) == (1, SECONDS)
        assert point.attributes.items() >= common.items()
        assert "error.type" not in point.attributes
    tokens = points.pop("gen_ai.client.token.usage")
    found = {point.attributes["gen_ai.token.type"]: point.sum for point in tokens}
    assert found == {"input": 3, "output": 2}
    assert list(tokens[0].explicit_bounds) == TOKENS
    assert points == {}


def test_a_failure_is_measured_with_its_type(case: Case, server: Loopback) -> None:
    server.default = lambda: case.refusal(401)
    points = measured(case, case.refusal(401), max_retries=0)
    (point,) = points.pop("gen_ai.client.operation.duration")
    assert point.attributes["error.type"] == "AuthenticationFailed"
    assert points == {}


def test_the_newest_names_are_chosen_by_the_environment(
    case: Case, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http, gen_ai_latest_experimental")
    response = slowly(case)
    server.queue = [response]
    points = measured(case, response)
    inference = "gen_ai.client.inference"
    for name in ("duration", "time_to_first_chunk", "time_per_output_chunk"):
        assert len(points.pop(f"{inference}.{name}")) == 1
    for kind, count in (("input", 3), ("output", 2)):
        (distribution,) = points.pop(f"{inference}.operation.{kind}_tokens")
        (used,) = points.pop(f"{inference}.usage.{kind}_tokens")
        assert (distribution.sum, used.value) == (count, count)
        assert used.attributes["gen_ai.token.modality"] == "unknown"
        assert "gen_ai.token.type" not in distribution.attributes
    points.pop(f"{inference}.usage.cache_read.input_tokens", None)
    assert points == {}


def test_the_time_per_chunk_is_the_mean_of_a_stream(case: Case, server: Loopback) -> None:
    response = slowly(case)
    server.queue = [response]
    points = measured(case, response)
    (duration,) = points["gen_ai.client.operation.duration"]
    (each,) = points["gen_ai.client.operation.time_per_output_chunk"]
    assert 0 < each.sum < duration.sum


@pytest.mark.parametrize(
    ("case", "model"), [(OPENAI, "gpt-4o-mini"), (ANTHROPIC, "claude-haiku-4-5")]
)
def test_the_cost_is_known_for_models_on_the_price_list(
    case: Case, server: Loopback, model: str
) -> None:
    body = b"".join(case.response("Hello"))
    named = body.replace(b"the-model-that-answers", model.encode())
    server.queue = [Response([named])]
    with traced() as spans:
        stream = SYNC.function(case)("fantasy")
        list(stream)
    found = attributes(spans.one)
    assert found["mirascope.cost"] == stream.cost > 0
    assert found["operation.cost"] == found["gen_ai.usage.cost"] == stream.cost
