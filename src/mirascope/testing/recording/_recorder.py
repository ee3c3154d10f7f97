"""A recording that is being made."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mirascope.testing import loopback
from mirascope.testing._formats import FORMATS
from mirascope.testing.recording import _file
from mirascope.testing.recording._exchange import (
    Exchange,
    RecordedRequest,
    RecordedResponse,
    RecordingError,
    target_of,
)
from mirascope.testing.recording._faults import ReplayFault
from mirascope.testing.recording._player import faulty, played
from mirascope.testing.recording._secrets import Secrets
from mirascope.testing.recording._upstream import LiveExchange

_ENDING_SECONDS: Final = 1.0
"""How long responses that nobody reads are waited for at the end."""


class Recorder:
    """Sends requests on to the real providers, and keeps the exchanges.

    Args:
        path: The file.
        upstreams: The base URLs of the providers.
        fault: What happens to each streamed response on its way to the client. It is received
            completely first, so that the recording is complete.
    """

    def __init__(self, path: Path, upstreams: Mapping[str, str], fault: ReplayFault | None) -> None:
        _file.check_writable(path)
        self._path = path
        self._upstreams = upstreams
        self._fault = fault
        self._secrets = Secrets()
        self._exchanges: list[Exchange] = []
        self._live: list[LiveExchange] = []
        self._errors: list[RecordingError] = []
        self._lock = threading.Lock()

    def respond(self, received: loopback.Request, request: RecordedRequest) -> loopback.Response:
        """Return the response of the real provider."""
        provider, path = target_of(received)
        exchange = Exchange(request, RecordedResponse())
        live = LiveExchange(received, self._upstreams[provider] + path, exchange.response)
        with self._lock:
            self._exchanges.append(exchange)
            self._live.append(live)
        self._secrets.collect(received.headers.items())
        try:
            begun = live.open()
        except RecordingError as error:
            self._errors.append(error)
            body = FORMATS[provider].error_body(str(error), 400)
            return loopback.Response.of_json(body, 400)
        if not begun:
            return loopback.Response(before=[loopback.Reset()])
        self._secrets.collect(live.headers)
        if self._fault is None or not faulty(exchange):
            return live.response()
        deque(live.body(), maxlen=0)
        return played(exchange.response, "fast", self._fault)

    def finish(self) -> None:
        """End what is still received."""
        deadline = time.monotonic() + _ENDING_SECONDS
        for live in self._live:
            live.over.wait(max(0.0, deadline - time.monotonic()))
            live.end(cut=True)

    def write(self, error: BaseException | None) -> None:
        """Write the file; if nothing was received, an older one is kept.

        Args:
            error: An error that is raised anyway.

        Raises:
            RecordingError: It cannot be written, or something cannot be recorded.
        """
        for live, exchange in zip(self._live, self._exchanges, strict=True):
            live.close_unread()
            if error is not None and live.failure and live.failure not in str(error):
                error.add_note(f"recording from {exchange.request.provider}: {live.failure}")
        received = any(each.response.status is not None for each in self._exchanges)
        if self._errors:
            raise RecordingError(f"{self._path} is not written: {self._errors[0]}")
        if not received and (error is not None or self._path.exists()):
            return
        try:
            _file.write(self._path, [self._secrets.redacted(each) for each in self._exchanges])
        except OSError as failure:
            raise RecordingError(f"{self._path} cannot be written: {failure}") from failure
