"""What stands before a server: a proxy, or TLS.

It passes bytes on to one address, whatever a client asks for, and keeps the heads that a proxy is
sent. When either side ends its connection, it ends that of the other.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
from typing import Self
from urllib.parse import urlsplit

BLOCK = 2**16


class Relay:
    """Forwards what it receives; use it with ``with``.

    Args:
        to: The URL of what it stands before.
        tls: What it is, if it is the server's end of TLS.
        proxy: Whether it is an HTTP proxy.
    """

    def __init__(self, to: str, *, tls: ssl.SSLContext | None = None, proxy: bool = False) -> None:
        at = urlsplit(to)
        self._to = (at.hostname, at.port)
        self._tls = tls
        self._proxy = proxy
        self.heads: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.ExitStack() as leaving, contextlib.suppress(OSError):
            leaving.enter_context(client)
            if self._tls is not None:
                client = leaving.enter_context(self._tls.wrap_socket(client, server_side=True))
            head = self._read_head(client) if self._proxy else b""
            with socket.create_connection(self._to) as server:
                server.sendall(head)
                _pass_on(client, server)

    def _read_head(self, client: socket.socket) -> bytes:
        """Return what is to be passed on of a request to a proxy."""
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(BLOCK)
        self.heads.append(head.partition(b"\r\n\r\n")[0].decode())
        if not head.startswith(b"CONNECT"):
            return head
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return b""


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    """Pass bytes on, both ways, until one of the connections ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ, server)
        selector.register(server, selectors.EVENT_READ, client)
        while True:
            for key, _ in selector.select():
                source = client if key.data is server else server
                if not (block := source.recv(BLOCK)):
                    _wait_for_the_end(source)
                    return
                key.data.sendall(block)


def _wait_for_the_end(source: socket.socket) -> None:
    """Wait until TCP has ended too: a farewell of TLS's closes nothing."""
    while isinstance(source, ssl.SSLSocket) and socket.socket.recv(source, BLOCK):
        pass
