"""What real servers sent, replayed to the real SDKs, reads as the official SDK reads it."""

from __future__ import annotations

import asyncio
import itertools
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ConfigDict
from support.cases import Case, Driver, arguments_of, reported
from support.everywhere import EVERYWHERE
from support.in_memory import InMemory
from support.providers import CASES
from support.recordings import FOLDER, Recording, recordings

from mirascope import BaseTool, errors
from mirascope.core.base.stream import BaseStream
from mirascope.testing.loopback import Loopback, Response, in_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = [
    (case, recording)
    for case in CASES
    for recording in recordings(*case.recordings)
    if recording.expected.get("api") == case.api
]
WHOLE = [
    (case, r)
    for case, r in ALL
    if r.status == 200 and r.expected["ok"] and r.name not in case.disagree
]
SAMPLE = WHOLE if EVERYWHERE else WHOLE[::5]
"""In CI, a fifth of them are read again, async and in pieces; the first test reads all."""

REFUSALS = [(case, r) for case, r in ALL if r.status != 200]
BROKEN = [
    (case, r)
    for case, r in ALL
    if r.status == 200 and not r.expected["ok"] and r.name not in case.disagree
]

pytestmark = pytest.mark.skipif(not ALL, reason=f"no recordings in {FOLDER.name}")


@pytest.fixture(scope="module")
def replay() -> Iterator[Loopback]:
    """One server, and so one default client, for all recordings."""
    with Loopback() as server, pytest.MonkeyPatch.context() as environment:
        for case in CASES:
            environment.setenv(case.key_variable, "key")
            environment.setenv(case.url_variable, case.url(server.url))
        yield server


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """One event loop, and so one default async client, for all recordings."""
    with asyncio.Runner() as runner:
        yield runner


def played(recording: Recording) -> Response:
    """Return a recording, cut at random places."""
    body = recording.body
    cuts = random.Random(recording.name).sample(range(len(body) + 1), min(9, len(body)))
    pieces = [body[a:b] for a, b in itertools.pairwise([0, *sorted(cuts), len(body)])]
    kind = "text/event-stream" if recording.status == 200 else "application/json"
    return Response(pieces, recording.status, {"content-type": kind})


@pytest.fixture
def stream(case: Case, recording: Recording, replay: Loopback) -> Any:
    """A stream that reads the recording."""
    replay.queue = [played(recording)]
    function = Driver(asynchronous=False).function(case, max_retries=0, tools=tools(recording))
    return function("fantasy")


class ToolCallRecord(BaseTool):
    """Takes whatever arguments."""

    model_config = ConfigDict(extra="allow")

    def call(self) -> None: ...


def tools(recording: Recording) -> list[type[BaseTool]]:
    """Return the tools that are called in a recording, and one that is not."""
    calls = recording.expected.get("tool_calls") or ()
    names = dict.fromkeys(call["name"] for call in calls)
    return [
        ToolCallRecord,
        *(type("Any", (ToolCallRecord,), {"__custom_name__": name}) for name in names if name),
    ]


def of(pairs: list[tuple[Case, Recording]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("case", "recording"), [pytest.param(c, r, id=r.name) for c, r in pairs]
    )


def read(stream: BaseStream, case: Case) -> None:
    """Iterate a stream; its chunks, since the response last began, add up to it."""
    chunks: list[Any] = []
    tools: list[Any] = []
    unusable: list[tuple[str, str]] = []
    try:
        for chunk, tool in stream:
            anew = case.begins(chunk)
            chunks = [chunk] if anew else [*chunks, chunk]
            tools = ([] if anew else tools) + ([tool] if tool else [])
    except errors.ToolCallError as error:
        unusable = [(e.tool_name, e.arguments) for e in (error, *error.others)]
    told_calls = [
        (call.name, arguments_of(call.arguments) or {}) for call in stream.reply.tool_calls
    ]
    usable = [call for call in told_calls if call not in unusable]
    assert [(tool._name(), tool.model_extra) for tool in tools] == usable
    assert "".join(chunk.content for chunk in chunks) == stream.content
    assert "".join(chunk.reasoning for chunk in chunks) == stream.reasoning
    assert all(chunk.chunk is not None for chunk in chunks)


@of(WHOLE)
def test_a_recorded_response_is_read_as_the_sdk_reads_it(
    case: Case, recording: Recording, stream: BaseStream
) -> None:
    read(stream, case)
    assert reported(stream) == case.expected(recording.expected)
    assert stream.state == "finished"


@of(SAMPLE)
def test_a_recorded_response_is_read_the_same_async(
    case: Case, recording: Recording, replay: Loopback, loop: asyncio.Runner
) -> None:
    replay.queue = [played(recording)]
    function = Driver(asynchronous=True).function(case, max_retries=0, tools=tools(recording))

    async def read_to_the_end() -> Any:
        stream = await function("fantasy")
        with suppress(errors.ToolCallError):
            assert [item async for item in stream]
        return stream

    assert reported(loop.run(read_to_the_end())) == case.expected(recording.expected)


@of(SAMPLE)
def test_a_recorded_response_is_read_the_same_however_its_bytes_are_cut(
    case: Case, recording: Recording, stream: BaseStream
) -> None:
    size = 1 if len(recording.body) < 4_000 else 1_447
    pieces = InMemory(in_pieces(recording.body, size))
    stream = type(stream)(stream=pieces, model="requested-model", tool_types=stream.tool_types)
    read(stream, case)
    assert reported(stream) == case.expected(recording.expected)


@of(REFUSALS)
def test_a_recorded_http_error_is_an_error_of_both_trees(
    case: Case, recording: Recording, stream: BaseStream
) -> None:
    with pytest.raises(errors.StreamAPIError) as caught:
        list(stream)
    assert isinstance(caught.value, case.sdk_error)
    assert (caught.value.status_code, caught.value.phase) == (recording.status, "open")
    assert stream.state == "failed"
    sdk_class = recording.expected["error"]["type"].rpartition(".")[2]
    assert sdk_class in {base.__name__ for base in type(caught.value).__mro__}


@of(BROKEN)
@pytest.mark.usefixtures("recording")
def test_a_recorded_error_inside_a_stream_is_an_error_of_both_trees(
    case: Case, stream: BaseStream
) -> None:
    with pytest.raises(errors.StreamError) as caught:
        list(stream)
    assert isinstance(caught.value, case.sdk_error)
    assert stream.partial().partial
    assert stream.state in {"failed", "truncated"}
