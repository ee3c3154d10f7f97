"""The pipe between who reads a stream and who writes to a browser."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest

from mirascope.web._pipe import Pipe


@pytest.mark.parametrize("closed", [False, True])
def test_a_reader_does_not_wait_for_an_event_loop_that_has_ended(*, closed: bool) -> None:
    pipe = Pipe(threaded=True)

    async def leave() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(pipe.atake(None), 0.01)

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(leave())
        if closed:
            loop.close()
        reader = threading.Thread(target=pipe.end, daemon=True)
        reader.start()
        reader.join(5)
        assert not reader.is_alive()
    finally:
        loop.close()
