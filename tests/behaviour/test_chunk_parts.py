"""`chunk.parts`: what an event has, by kind, in the same classes for all providers."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from support.cases import Case, Driver
from support.in_memory import InMemory
from support.providers import CASES
from support.recordings import Recording, recordings

from mirascope import errors, llm, streams
from mirascope.core import (
    AudioDelta,
    ChunkPart,
    Citation,
    HostedToolEvent,
    ImageDelta,
    ReasoningDelta,
    TextDelta,
    ToolDelta,
)
from mirascope.testing.conformance import (
    CallDelta,
    CallEnd,
    CallStart,
    Reasoning,
    Text,
    one_after_another,
)
from mirascope.testing.loopback import Loopback, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL = [
    pytest.param(case, recording, id=recording.name)
    for case in CASES
    for recording in recordings(*case.recordings)
    if recording.expected.get("api") == case.api and recording.status == 200
]
CITED = {"annotations", "citationMetadata", "citations", "groundingChunks", "reference_ids"}
HOSTED = {"codeExecutionResult", "executableCode", "executed_tools", "webSearchQueries"}


def of_kind(kind: type[Any], parts: Iterable[ChunkPart]) -> list[Any]:
    return [part for part in parts if isinstance(part, kind)]


def joined(kind: type[Any], parts: Iterable[ChunkPart]) -> str:
    return "".join(part.text for part in of_kind(kind, parts))


def calls(parts: Iterable[ChunkPart]) -> list[tuple[str, str, str]]:
    """Return the id, the name and the arguments of the calls in parts, in their order."""
    pieces: defaultdict[int, list[ToolDelta]] = defaultdict(list)
    for delta in of_kind(ToolDelta, parts):
        pieces[delta.index].append(delta)
    assert all(len({each.id for each in some}) == 1 for some in pieces.values())
    return [
        (some[0].id, some[-1].name, "".join(each.arguments for each in some))
        for _, some in sorted(pieces.items())
    ]


def has(response: Any, names: set[str]) -> bool:
    """Return whether a complete response, in the provider's JSON, has a field that is not empty."""
    if isinstance(response, dict):
        hosted = names is HOSTED and response.get("type") == "server_tool_use"
        found = ((name in names and bool(v)) or has(v, names) for name, v in response.items())
        return hosted or any(found)
    return isinstance(response, list) and any(has(each, names) for each in response)


@pytest.mark.skipif(not ALL, reason="the recordings are not here")
@pytest.mark.parametrize(("case", "recording"), ALL)
def test_the_parts_of_a_recording_are_the_response(case: Case, recording: Recording) -> None:
    stream: Any = case.provider.stream_type(stream=InMemory([recording.body]), model="m")
    chunks: list[Any] = []
    with suppress(errors.StreamError):
        for chunk, _ in stream:
            chunks = [chunk] if case.begins(chunk) else [*chunks, chunk]
    by_chunk = [chunk.parts for chunk in chunks]
    parts = [*itertools.chain.from_iterable(by_chunk)]
    assert joined(TextDelta, parts) == stream.content
    assert joined(ReasoningDelta, parts) == stream.reasoning
    assert calls(parts) == [
        (call.call_id, call.name, call.arguments) for call in stream.reply.tool_calls
    ]
    response = stream._decoder.response()
    assert bool(of_kind(Citation, parts)) == has(response, CITED)
    assert bool(of_kind(HostedToolEvent, parts)) >= has(response, HOSTED)
    assert all(part.raw for part in of_kind(Citation, parts))
    assert [chunk.chunk and chunk.parts for chunk in chunks] == by_chunk  # of the SDK's objects too
