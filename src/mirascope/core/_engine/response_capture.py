"""The HTTP responses of an SDK that shows them to nobody.

`capture_response` is a hook of the SDK's HTTP client (of ``httpx``, ``httpx2`` and their like).
While `capturing` waits for a response, the hook takes the HTTP response over and leaves the SDK an
empty one, with which the SDK's own stream ends at once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from mirascope.core._engine.source import HTTPResponse

_OK: Final = 200

_taken: ContextVar[list[HTTPResponse] | None] = ContextVar("_taken", default=None)
"""Where the response goes that a stream waits for."""


@contextmanager
def capturing() -> Generator[list[HTTPResponse]]:
    """Collect the responses that come meanwhile."""
    taken: list[HTTPResponse] = []
    token = _taken.set(taken)
    try:
        yield taken
    finally:
        _taken.reset(token)


def capture_response(response: Any) -> None:
    """Hand a response over, if someone waits for it."""
    taken = _taken.get()
    if taken is None or response.status_code != _OK:
        return
    response_type: Callable[..., Any] = response.__class__
    taken.append(
        response_type(
            response.status_code,
            headers=response.headers,
            stream=response.stream,
            request=response.request,
            extensions=response.extensions,
        )
    )
    response.stream = response_type(_OK, content=b"").stream


async def acapture_response(response: Any) -> None:
    """Hand a response over, as a hook of an async client."""
    capture_response(response)
