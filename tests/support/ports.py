"""Ports for servers that cannot be given a socket."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from typing import Final

_PORTS: Final = range(20_000, 32_000)
"""Below those that the system gives away, so that no other test gets one before the server does."""


def free_port() -> int:
    """Return a port of the loopback interface that nothing uses."""
    while True:
        port = random.choice(_PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
