"""Over HTTP/2, which a user-supplied client may use, responses share a connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import anyio
import httpx2
import openai
import pytest
from support.cases import Driver
from support.providers.openai import OPENAI

from mirascope import Timeout, errors

h2_connection = pytest.importorskip("h2.connection")
h2_config = pytest.importorskip("h2.config")
h2_events = pytest.importorskip("h2.events")

LATE = 20.0
GENEROUS = 3.0


def answer(sock: socket.socket, disconnected: list[bool]) -> None:
    """Begin a response to each request, and let it stall."""
    config = h2_config.H2Configuration(client_side=False, header_encoding="utf-8")
    connection = h2_connection.H2Connection(config)
    connection.initiate_connection()
    with sock:
        while True:
            sock.sendall(connection.data_to_send())
            data = sock.recv(65536)
            if not data:
                disconnected.append(True)
                return
            for event in connection.receive_data(data):
                if isinstance(event, h2_events.StreamEnded):
                    connection.send_headers(event.stream_id, [(":status", "200")])
                    connection.send_data(event.stream_id, OPENAI.text("Hello"))


@pytest.fixture
def server() -> Iterator[tuple[str, list[bool]]]:
    disconnected: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(sock, disconnected), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", disconnected
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def asking(url: str, **options: Any) -> Iterator[Callable[[str], Any]]:
    with httpx2.Client(http1=False, http2=True) as http:
        client = openai.OpenAI(base_url=url, api_key="a-key", http_client=http, timeout=LATE)
        yield Driver(asynchronous=False).function(OPENAI, client=client, **options)


def until_text(items: Any) -> None:
    while not next(items)[0].content:
        pass


def test_a_deadline_wakes_the_reader(server: tuple[str, list[bool]]) -> None:
    began = monotonic()
    with asking(server[0], timeout=Timeout(idle=0.25)) as ask:
        stream = ask("fantasy")
        with pytest.raises(errors.StreamTimeout) as caught:
            list(stream)
    assert (caught.value.clock, stream.content) == ("idle", "Hello")
    assert monotonic() - began < GENEROUS


def test_another_thread_can_close_a_stream_that_waits(server: tuple[str, list[bool]]) -> None:
    began = monotonic()
    with asking(server[0]) as ask:
        stream = ask("fantasy")
        items = iter(stream)
        until_text(items)
        timer = threading.Timer(0.1, stream.close)
        timer.start()
        assert list(items) == []
        timer.join()
    assert stream.state == "closed"
    assert monotonic() - began < GENEROUS


def test_closing_one_stream_leaves_the_others_open(server: tuple[str, list[bool]]) -> None:
    url, disconnected = server
    with asking(url) as ask:
        streams = [ask("fantasy") for _ in range(3)]
        first, second, third = (iter(stream) for stream in streams)
        until_text(first)
        until_text(second)
        streams[0].close()
        del second
        until_text(third)
        assert [stream.state for stream in streams] == ["closed", "closed", "open"]
        assert disconnected == []
        streams[2].close()


def test_deadlines_and_closing_wake_tasks_too(server: tuple[str, list[bool]]) -> None:
    url, disconnected = server

    async def read() -> None:
        async with httpx2.AsyncClient(http1=False, http2=True) as http:
            client = openai.AsyncOpenAI(base_url=url, api_key="a-key", http_client=http)
            ask = Driver(asynchronous=True).function(OPENAI, client=client)
            timed = Driver(asynchronous=True).function(
                OPENAI, client=client, timeout=Timeout(idle=0.25)
            )
            open_beside = await ask("fantasy")
            beside = aiter(open_beside)
            await anext(beside)
            with pytest.raises(errors.StreamTimeout):
                async for _ in await timed("fantasy"):
                    pass
            closed = await ask("fantasy")
            with anyio.fail_after(GENEROUS):
                async with anyio.create_task_group() as tasks:
                    async for chunk, _ in closed:
                        if chunk.content:
                            tasks.start_soon(closed.aclose)
            assert (closed.state, open_beside.state, disconnected) == ("closed", "open", [])
            await open_beside.aclose()

    anyio.run(read)
