"""Whether the browser of a WSGI request is still there.

WSGI itself shows that only when something is written. Some servers have more in the environment:
the socket (Werkzeug, Gunicorn), or a function that returns it (Waitress).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

Gone = Callable[[], bool]

_PEEK: Final[int | None] = (
    socket.MSG_PEEK | socket.MSG_DONTWAIT if hasattr(socket, "MSG_DONTWAIT") else None
)


def watcher(environ: Mapping[str, Any]) -> Gone | None:
    """Return a function that returns whether the browser is gone, if the server has one."""
    is_gone = environ.get("waitress.client_disconnected")
    if callable(is_gone):
        return cast("Gone", is_gone)
    sock = environ.get("werkzeug.socket") or environ.get("gunicorn.socket")
    peek = _PEEK
    if peek is None or not isinstance(sock, socket.socket):
        return None
    return lambda: _is_closed(sock, peek)


def _is_closed(sock: socket.socket, peek: int) -> bool:
    """Look at what has come without taking it; the plain method, as TLS has no such look."""
    try:
        return not socket.socket.recv(sock, 1, peek)
    except BlockingIOError:
        return False
    except OSError:
        return True
