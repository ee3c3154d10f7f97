"""The observers of all calls of this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mirascope.core._observers import call_log
from mirascope.core._observers.observation import (
    NOT_OBSERVED,
    Call,
    Observation,
    Observations,
    log_failure,
)

Observer: TypeAlias = Callable[[Call], Observation]
"""Returns the observation of a call, when its function is called and before anything is sent."""

_observers: tuple[Observer, ...] = ()


def add_observer(observer: Observer) -> None:
    """Observe all calls from now on, whenever their functions were decorated."""
    global _observers  # noqa: PLW0603  # read at each call
    _observers = (*_observers, observer)


def remove_observer(observer: Observer) -> None:
    """Observe no further call; do nothing if it does not observe any."""
    global _observers  # noqa: PLW0603  # as above
    _observers = tuple(each for each in _observers if each is not observer)


def observe(call: Call) -> Observations:
    """Return the observations of a call."""
    if not (_observers or call_log.is_enabled()):
        return NOT_OBSERVED
    observations: list[Observation] = [call_log.CallLog(call)] if call_log.is_enabled() else []
    for observer in _observers:
        try:
            observations.append(observer(call))
        except Exception as error:  # noqa: BLE001  # an observer must not fail the call
            log_failure("an observer of calls failed", error)
    return Observations(observations, ends_at_exit=bool(_observers))
