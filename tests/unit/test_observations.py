"""The observations of a call, without any call."""

from __future__ import annotations

import gc
import logging
from contextlib import nullcontext
from typing import Any

import pytest

from mirascope import errors
from mirascope.core._observers.failures import describe, error_type
from mirascope.core._observers.observation import ItemTimes, Observation, Observations


class Noted(Observation):
    """Notes what it is notified of."""

    def __init__(self) -> None:
        self.notes: list[Any] = []

    def start(self, stream: object) -> None:
        self.notes.append(("start", stream))

    def before_request(self) -> None:
        self.notes.append("before")

    def after_request(self) -> None:
        self.notes.append("after")

    def end(self, result: object, error: BaseException | None) -> None:
        self.notes.append(("end", result, error))


class Broken(Observation):
    """Fails whatever it is notified of."""

    def __getattribute__(self, name: str) -> Any:
        if name in {"start", "before_request", "after_request", "retry", "end"}:
            raise LookupError("a secret prompt")
        return super().__getattribute__(name)


def test_only_the_first_end_counts() -> None:
    noted, stream, error = Noted(), object(), ValueError()
    observations = Observations([noted])
    observations.start(stream)  # type: ignore[arg-type]
    observations.end(error)
    observations.end()
    assert noted.notes == [("start", stream), ("end", stream, error)]


def test_what_has_not_started_does_not_end() -> None:
    noted = Noted()
    observations = Observations([noted])
    observations.end()
    del observations
    assert noted.notes == []


def test_a_stream_that_nothing_ends_ends_when_it_is_freed() -> None:
    class Stream:
        observations: Observations

    class Counted(Observation):
        ends = 0

        def end(self, *_: object) -> None:
            self.ends += 1

    counted, stream = Counted(), Stream()
    stream.observations = Observations([counted], ends_at_exit=True)
    stream.observations.start(stream)  # type: ignore[arg-type]
    del stream
    gc.collect()
    assert counted.ends == 1


def test_a_stream_is_held_no_longer_than_it_is_open() -> None:
    observations, stream = Observations([Noted()]), object()
    observations.start(stream)  # type: ignore[arg-type]
    assert stream in gc.get_referents(observations._open)
    observations.end()
    assert stream not in gc.get_referents(observations._open)


@pytest.mark.parametrize("error", [None, ValueError(), KeyboardInterrupt()])
def test_a_plain_call_ends_with_its_response_or_its_error(error: BaseException | None) -> None:
    noted: Any = Noted()
    response: Any = object()
    observations = Observations([noted])
    raising = nullcontext() if error is None else pytest.raises(type(error))
    with raising, observations.plain_call():
        with observations.sending():
            noted.notes.append("sent")
        observations.receive(response)
        if error is not None:
            raise error
    notes = [("start", None), "before", "sent", "after", ("end", response, error)]
    assert noted.notes == notes


def test_what_fails_is_logged_without_its_text_and_the_others_are_notified(
    caplog: pytest.LogCaptureFixture,
) -> None:
    noted = Noted()
    observations = Observations([Broken(), noted])
    with observations.plain_call(), observations.sending():
        pass
    assert len(noted.notes) == 4
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 4
    assert "LookupError at " in caplog.text
    assert "secret" not in caplog.text


def test_the_mean_time_between_items() -> None:
    times = ItemTimes()
    assert times.mean_interval is None
    times.count, times.first, times.last = 3, 1.0, 1.0
    assert times.mean_interval is None
    times.last = 2.0
    assert times.mean_interval == 0.5


def test_a_failure_is_described_without_its_text() -> None:
    class BothError(errors.RateLimited, OSError):
        status_code = 429

    late = errors.StreamTimeout("...")
    late.clock = "idle"
    assert error_type(BothError("a secret prompt")) == "RateLimited"
    assert describe(BothError("a secret prompt")) == "RateLimited (HTTP 429)"
    assert describe(late) == "StreamTimeout (idle)"
    assert describe(KeyError("a secret prompt")) == "KeyError"
