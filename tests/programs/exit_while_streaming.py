"""Ends the interpreter while a stream is open: ours, or an SDK's own.

Run with a list of streams as JSON, it forks one child for each, so that the SDKs are imported only
once. A child reads until text has come, and returns from its last line like any program. How each
ended is printed as JSON: its exit code (``None`` if it had to be killed) and what it said.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import signal
import sys
from time import monotonic
from typing import Any

from support.cases import Driver
from support.providers import case_of
from support.sdk_streams import SDKS

from mirascope.testing.conformance._leaving import until_text, until_text_async

KEY = "a-secret-key"
PATIENCE = 60.0
AT_A_TIME = 4

kept: list[Any] = []
"""What is still referred to when the interpreter ends."""


def leave(provider: str, url: str, *, ours: bool, asynchronous: bool) -> None:
    """Read a stream until text is received, and keep it."""
    case = case_of(provider)
    os.environ[case.key_variable] = KEY
    os.environ[case.url_variable] = case.url(url)
    function = Driver(asynchronous=asynchronous).function(case)

    async def aleave() -> None:
        if ours:
            stream = await function("fantasy")
        else:
            client = case.async_client(case.url(url), KEY)
            stream = await SDKS[provider].astream(await client.__aenter__(), held=True)
            kept.append(client)
        items = aiter(stream)
        kept.extend((stream, items))
        await until_text_async(items)

    if asynchronous:
        asyncio.run(aleave())
        return
    if ours:
        stream = function("fantasy")
    else:
        client = case.client(case.url(url), KEY)
        stream = SDKS[provider].stream(client.__enter__(), held=True)
        kept.append(client)
    items = iter(stream)
    kept.extend((stream, items))
    until_text(items)


def ended(children: dict[int, int]) -> list[dict[str, Any]]:
    """Wait for children, given by what they write to; return how each ended."""
    said = dict.fromkeys(children, b"")
    until = monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        for reader in children:
            selector.register(reader, selectors.EVENT_READ)
        while selector.get_map() and (left := until - monotonic()) > 0:
            for key, _ in selector.select(left):
                block = os.read(key.fd, 4096)
                said[key.fd] += block
                if not block:
                    selector.unregister(key.fd)
        late = {key.fd for key in selector.get_map().values()}
    found: list[dict[str, Any]] = []
    for reader, child in children.items():
        if reader in late:
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found.append({"code": None if reader in late else code, "said": said[reader].decode()})
    return found


def main(streams: list[dict[str, Any]]) -> None:
    found: list[dict[str, Any]] = []
    for start in range(0, len(streams), AT_A_TIME):
        children: dict[int, int] = {}
        for stream in streams[start : start + AT_A_TIME]:
            reader, writer = os.pipe()
            child = os.fork()
            if not child:
                os.dup2(writer, 2)
                os.close(writer)
                leave(**stream)
                return
            os.close(writer)
            children[reader] = child
        found += ended(children)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
