"""How long a retry waits: what the server reports, or twice as long each time."""

from __future__ import annotations

from email.utils import formatdate
from time import time

import pytest

from mirascope import errors
from mirascope.core._errors.retry import RetryPolicy

LATE = 30.0


def failure(status: int = 503, **headers: str) -> errors.StreamError:
    error = errors.Overloaded("Later.")
    error.phase = "open"
    vars(error)["headers"] = {name.replace("_", "-"): text for name, text in headers.items()}
    error.retryable = status in {429, 503}
    return error


POLICY = RetryPolicy(max_retries=2)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({}, 0.375, 0.5),
        ({"Retry_After": "7"}, 7, 7),
        ({"retry_after": "7", "retry_after_ms": "30.5"}, 0.0305, 0.0305),
        ({"retry_after": "soon"}, 0.375, 0.5),
        ({"retry_after": "-3"}, 0.375, 0.5),
    ],
)
def test_retry_after_decides_how_long_to_wait(
    headers: dict[str, str], least: float, most: float
) -> None:
    retry = POLICY.retry(failure(**headers), 0, LATE)
    assert retry is not None
    assert least <= retry.wait <= most


def test_retry_after_may_be_a_date() -> None:
    at = formatdate(time() + 20, usegmt=True)
    retry = POLICY.retry(failure(retry_after=at), 0, LATE)
    assert retry is not None
    assert 15 < retry.wait <= 20


def test_the_backoff_doubles_up_to_a_bound() -> None:
    patient = RetryPolicy(max_retries=100)
    waits = [retry.wait for n in range(20) if (retry := patient.retry(failure(), n, LATE))]
    assert waits[1] > waits[0]
    assert max(waits) <= 8


def test_a_retry_after_beyond_the_bound_is_not_waited_for() -> None:
    assert POLICY.retry(failure(retry_after="3600"), 0, float("inf")) is None


def test_x_should_retry_decides_whether_to_retry() -> None:
    assert POLICY.retry(failure(x_should_retry="false"), 0, LATE) is None
    assert POLICY.retry(failure(400, x_should_retry="true"), 0, LATE) is not None
    assert POLICY.retry(failure(400), 0, LATE) is None
