"""A real server of Redis, on a free port of the loopback address, that can be killed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest
from support.ports import free_port


class RedisServer:
    """The server; a test that needs it is skipped where Debian's ``redis-server`` is absent.

    Args:
        folder: Where it keeps its files.
        aof: How it keeps what it has acknowledged: ``""`` for not at all, else ``appendfsync``.

    Attributes:
        url: Its URL.
    """

    def __init__(self, folder: Path, aof: str = "") -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("redis-server is missing: `nox -s tests` installs it, where that is Debian")
        self._folder = folder
        self._aof = aof
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        keeping = ["--appendonly", "yes", "--appendfsync", self._aof] if self._aof else []
        options = ["--bind", "127.0.0.1", "--port", str(self._port), "--save", "", *keeping]
        self._process = subprocess.Popen(
            ["redis-server", *options, "--dir", str(self._folder)],  # noqa: S607
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < until, "redis-server does not answer"
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        """Kill it, as a machine that fails does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
