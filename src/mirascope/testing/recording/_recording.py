"""A recording, which is made or replayed."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from mirascope.testing import loopback
from mirascope.testing._environment import base_url, environment, key_variables, url_variables
from mirascope.testing._formats import FORMATS
from mirascope.testing._replies import Pace
from mirascope.testing._requests import Request, read
from mirascope.testing._servers import server
from mirascope.testing.recording._exchange import request_of
from mirascope.testing.recording._faults import ReplayFault

if TYPE_CHECKING:  # which are slow to import, and not needed until a recording begins
    from mirascope.testing.recording._player import Player
    from mirascope.testing.recording._recorder import Recorder

RECORD_VARIABLE: Final = "MIRASCOPE_RECORD"
_OFF: Final = frozenset({"", "0", "false", "no", "off"})


class RecordingMismatchError(AssertionError):
    """A request differs from the recorded ones. The message shows the difference."""


class Recording:
    """A recording that is being made or replayed; `recorded` returns it.

    Attributes:
        path (Path): The file.
        requests (list[Request]): The requests so far.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        record: bool | None = None,
        pace: Pace = "fast",
        fault: ReplayFault | None = None,
        ignore: Collection[str] = (),
    ) -> None:
        if pace not in {"fast", "live"}:
            raise ValueError(f'`pace` is {pace!r}; it must be "fast" or "live"')
        if isinstance(ignore, str):
            raise TypeError(f"`ignore` must be a collection of names, such as [{ignore!r}]")
        self.path = Path(path)
        self.requests: list[Request] = []
        self._record = record
        self._pace: Pace = pace
        self._fault = fault
        self._ignore = ignore
        self._recorder: Recorder | None = None
        self._player: Player | None = None
        self._lock = threading.Lock()
        self._address = ""
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        record = self._record
        if record is None:
            record = os.environ.get(RECORD_VARIABLE, "").strip().lower() not in _OFF
        self._recorder = self._player = None
        if record:
            from mirascope.testing.recording._recorder import Recorder  # noqa: PLC0415  # it is slow

            self._recorder = Recorder(self.path, _upstreams(), self._fault)
        else:
            from mirascope.testing.recording._player import Player  # noqa: PLC0415  # the same

            self._player = Player(self.path, self._pace, self._fault, self._ignore)
        self._address = self._stack.enter_context(server(self._respond)).url
        variables = url_variables(self._address)
        if self._player is not None:
            variables |= key_variables()
        self._stack.enter_context(environment(variables))
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        recorder, player = self._recorder, self._player
        with self._stack:
            if recorder is not None:
                recorder.finish()
        try:
            if recorder is not None:
                recorder.write(error)
            if player is not None and player.mismatches:
                raise RecordingMismatchError("\n\n".join(player.mismatches))
        except (AssertionError, ValueError) as problem:
            if error is None:
                raise
            if str(problem) not in str(error):  # which the code under test may have let through
                error.add_note(str(problem))

    @property
    def recording(self) -> bool:
        """Whether the recording is being made, not replayed."""
        return self._recorder is not None

    def url(self, provider: str) -> str:
        """Return the base URL for a client that the test makes itself.

        Raises:
            ValueError: There is no such provider.
        """
        return base_url(self._address, provider)

    def _respond(self, received: loopback.Request) -> loopback.Response:
        try:
            request = request_of(received)
        except ValueError as error:
            return loopback.Response.of_json({"error": {"message": str(error)}}, 404)
        with suppress(ValueError), self._lock:  # it is no request to a model
            self.requests.append(read(received))
        if self._recorder is not None:
            return self._recorder.respond(received, request)
        assert self._player is not None, "it is one of both"  # noqa: S101  # no checker can know
        return self._player.respond(request)


def _upstreams() -> dict[str, str]:
    """Return the base URLs of the real providers: those of the environment, if it has any."""
    return {name: wire_format.real_url().rstrip("/") for name, wire_format in FORMATS.items()}


def recorded(
    path: str | os.PathLike[str],
    *,
    record: bool | None = None,
    pace: Pace = "fast",
    fault: ReplayFault | None = None,
    ignore: Collection[str] = (),
) -> Recording:
    """Replay a recording of providers, or make one; use it with ``with``.

    Inside the block, the default clients of all providers connect to a server on localhost: it sets
    the environment variables of their base URLs, and restores them at the end.

    - To make a recording, this server forwards the requests to the real providers, with the
      client's own API key, and returns their responses. At the end it writes the file.
    - To replay it, each request gets the recorded response. No API key is needed. Cassettes of
      ``vcrpy`` can be replayed, too.

    API keys, cookies, and ids of organizations and accounts are not written: the file has no
    request headers, and ``[redacted]`` replaces such values in bodies.

    Args:
        path: The YAML file; use one file for each test.
        record (bool | None): Whether to make the recording. Default: only if the environment
            variable ``MIRASCOPE_RECORD`` is set; ``pytest --record`` sets it.
        pace (str): How fast responses are replayed: ``"fast"`` (the default), or ``"live"``, with
            the recorded gaps.
        fault (ReplayFault | None): A fault for each streamed response: `Cut`, `Stall` or `Reset`. A
            recording that you make with a fault is complete: only the client gets the fault.
        ignore (Collection[str]): Fields of the requests' JSON that may differ from the recorded
            ones, such as ``"metadata.session"``, ``"messages.0.content"`` or ``"messages.*.id"``.

    Raises:
        FileNotFoundError: At the start: there is no such file, and it is not being recorded.
        RecordingError: At the start: the file cannot be read or written. At the end: it cannot be
            written.
        RecordingMismatchError: At the end: a request differed from the recorded ones, or was sent
            too often. The code under test got the HTTP error 400.
        MissingSDKError: PyYAML is not installed.

    Example:
        >>> import tempfile
        >>> from mirascope import testing
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> def read() -> str:
        ...     return "".join(chunk.content for chunk, _ in recommend_book("fantasy"))
        >>> path = tempfile.mkdtemp() + "/book.yaml"
        >>> with testing.provider() as llm:  # the "real" provider
        ...     llm.reply("The Name of the Wind")
        ...     with testing.recorded(path, record=True):
        ...         read()
        'The Name of the Wind'
        >>> with testing.recorded(path):
        ...     read()
        'The Name of the Wind'
    """
    return Recording(path, record=record, pace=pace, fault=fault, ignore=ignore)
