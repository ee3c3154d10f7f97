"""An ASGI application of a page, which `curl localhost:8000` reaches in its samples."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

SECONDS = 20


def serve(app: Any) -> Callable[[], None]:
    """Serve an application on a free port; return what ends that."""
    listening = socket.create_server(("127.0.0.1", 0))  # which queues what comes before it runs
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    Path(".curlrc").write_text(
        f'connect-to = "::127.0.0.1:{port}"\nnoproxy = "*"\nsilent\nshow-error\n'
    )
    os.environ["CURL_HOME"] = str(Path.cwd())

    def end() -> None:
        server.should_exit = True
        thread.join(SECONDS)
        assert not thread.is_alive()

    return end
