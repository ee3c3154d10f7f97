"""Recorded responses, as the server sends them again."""

from __future__ import annotations

import difflib
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from mirascope.testing import loopback
from mirascope.testing._formats import FORMATS
from mirascope.testing._replies import Pace
from mirascope.testing.recording import _file, _yaml
from mirascope.testing.recording._exchange import Exchange, RecordedRequest, RecordedResponse
from mirascope.testing.recording._faults import ReplayFault
from mirascope.testing.recording._secrets import Secrets

_LEAVING: Final = 3.0
"""How many seconds longer than recorded a client has to disconnect again."""
_ERRORS: Final = 400


class Player:
    """Plays each exchange of a recording once, in the order of the file.

    Args:
        path: The file.
        pace: Whether the recorded gaps are kept.
        fault: What happens to each streamed response.
        ignore: Fields of the requests that may differ; see `RecordedRequest.without`.
    """

    def __init__(
        self, path: Path, pace: Pace, fault: ReplayFault | None, ignore: Collection[str]
    ) -> None:
        self._left = _file.read(path)
        self._path = path
        self._pace: Pace = pace
        self._fault = fault
        self._ignore = ignore
        self._secrets = Secrets()
        self._played: list[RecordedRequest] = []
        self._lock = threading.Lock()
        self.mismatches: list[str] = []

    def respond(self, request: RecordedRequest) -> loopback.Response:
        """Return the recorded response to a request, or an error that shows the difference."""
        with self._lock:
            found = self._find(request)
            if found is not None:
                self._left.remove(found)
                self._played.append(found.request)
                fault = self._fault if faulty(found) else None
                return played(found.response, self._pace, fault)
            problem = self._mismatch(request)
            self.mismatches.append(problem)
        return loopback.Response.of_json(FORMATS[request.provider].error_body(problem, 400), 400)

    def _find(self, request: RecordedRequest) -> Exchange | None:
        sent = request.without(self._ignore)
        redacted = self._secrets.redacted_request(sent)
        for each in self._left:
            recorded = each.request.without(self._ignore)
            if recorded.matches(sent) or recorded.matches(redacted):
                return each
        return None

    def _mismatch(self, request: RecordedRequest) -> str:
        sent = _lines(self._secrets.redacted_request(request).without(self._ignore))
        name = f"{request.provider} {request.path}"
        if any(each.matches(request) for each in self._played):
            problem = f"the request to {name} was sent more often than recorded in {self._path}"
            return f"{problem}; {_AGAIN}"
        candidates = [each.request for each in self._left] or self._played
        near = [each for each in candidates if each.provider == request.provider] or candidates
        if not near:
            return f"the request to {name} is not in {self._path}, which holds none; {_AGAIN}"
        differences = [self._difference(each, sent) for each in near[:_COMPARED]]
        nearest = min(differences, key=len)
        return f"the request to {name} differs from the one in {self._path}; {_AGAIN}\n{nearest}"

    def _difference(self, request: RecordedRequest, sent: list[str]) -> str:
        recorded = _lines(request.without(self._ignore))
        files = (f"{self._path.name} (recorded)", "sent")
        return "\n".join(difflib.unified_diff(recorded, sent, *files, lineterm=""))


_AGAIN: Final = "to record again: pytest --record, or record=True"
_COMPARED: Final = 20
"""With how many recorded requests one that differs is compared."""


def _lines(request: RecordedRequest) -> list[str]:
    return _yaml.dump(_file.fields_of(request), 0).splitlines()


def faulty(exchange: Exchange) -> bool:
    """Return whether a fault is put into a response: into streams, and not into HTTP errors."""
    status = exchange.response.status
    return exchange.request.streamed and status is not None and status < _ERRORS


def played(
    response: RecordedResponse, pace: Pace, fault: ReplayFault | None = None
) -> loopback.Response:
    """Return a response as it was received."""
    start = time.monotonic()
    before: list[loopback.Fault] = []
    if response.status is None:
        before += [_leaving(response), loopback.Reset()]
    elif pace == "live":
        before.append(loopback.Wait(response.at))
    script = _script(response, start if pace == "live" else None, fault)
    return loopback.Response(script, response.status or 0, response.headers, before)


def _script(
    response: RecordedResponse, start: float | None, fault: ReplayFault | None
) -> Iterator[bytes | loopback.Fault]:
    size = response.size
    left = size if fault is None else min(fault.size(size), size)
    for at, data in response.arrivals:
        if left <= 0:
            break
        if start is not None:
            yield loopback.Wait(max(0.0, start + at - time.monotonic()))
        yield data[:left]
        left -= len(data)
    if fault is not None:
        yield fault.step
    elif response.cut is not None:
        yield _leaving(response)
        yield loopback.Abort()
    elif response.broken is not None:
        yield loopback.Abort()


def _leaving(response: RecordedResponse) -> loopback.Wait:
    """Give a client that disconnected the time to do so again: it may have had a timeout."""
    if response.cut is None:
        return loopback.Wait(0)
    last = response.arrivals[-1].at if response.arrivals else response.at
    return loopback.Wait((response.cut - last) * 1.5 + _LEAVING)
