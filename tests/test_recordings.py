"""What real servers sent, replayed to the real SDK, reads as the official SDK reads it."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

import anyio
import openai as sdk
import pytest
from loopback import Answer, Loopback, Request, in_pieces
from recordings import FOLDER, Recording, recordings

from mirascope import errors
from mirascope.core import openai, prompt_template
from mirascope.core.base._source import AsyncSource, Source
from mirascope.core.base.stream import Opener
from mirascope.core.openai import OpenAIStream

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAT = [r for r in recordings("openai", "openai-compat") if "api" not in r.expected]
ANSWERS = [r for r in CHAT if r.status == 200]
REFUSALS = [r for r in CHAT if r.status != 200]
DISAGREE = {
    # Two calls of one index and two ids: the SDK's reading glues their arguments, "{}{}".
    "openai-compat/ai--fixtures--cererebras-structured-output-tools.1.chunks",
}
WHOLE = [r for r in ANSWERS if r.expected["ok"] and r.name not in DISAGREE]
BROKEN = [r for r in ANSWERS if not r.expected["ok"]]

pytestmark = pytest.mark.skipif(not CHAT, reason=f"no recordings in {FOLDER.name}")


@pytest.fixture(scope="module")
def replay() -> Iterator[Loopback]:
    """A server that plays the recording that the URL names, cut at random places."""
    by_name = {r.name: r for r in CHAT}

    def answer(request: Request) -> Answer:
        recording = by_name[request.path.removeprefix("/").removesuffix("/chat/completions")]
        body = recording.body
        cuts = random.Random(recording.name)
        edges = [0, *sorted(cuts.sample(range(len(body) + 1), min(9, len(body)))), len(body)]
        pieces = [body[a:b] for a, b in itertools.pairwise(edges)]
        if recording.status != 200:
            return Answer(pieces, recording.status, {"content-type": "application/json"})
        return Answer(pieces)

    with Loopback(answer) as server:
        yield server


def read(stream: OpenAIStream) -> dict[str, Any]:
    """Iterate a stream and tell what it said, in the words of the expectations."""
    chunks = [chunk for chunk, _ in stream]
    assert "".join(chunk.content for chunk in chunks) == stream.content
    assert "".join(chunk.reasoning for chunk in chunks) == stream.reasoning
    return told(stream)


def told(stream: OpenAIStream) -> dict[str, Any]:
    response = stream.construct_call_response()
    message = response.response.choices[0].message
    assert (response.content, response.id, response.model) == (
        stream.content,
        stream.id,
        stream.model,
    )
    return {
        "text": response.content,
        "reasoning": response.reasoning,
        "finish_reason": stream.finish_reasons[0] if stream.finish_reasons else None,
        "tool_calls": [
            {"name": call.function.name, "arguments": call.function.arguments, "id": call.id}
            for call in message.tool_calls or ()
            if call.type == "function"
        ],
        "usage": response.usage and without_nulls(response.usage.to_dict()),
        "id": stream.id,
        "model": stream.model,
    }


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(field) for key, field in value.items() if field is not None}
    return value


def expected(recording: Recording) -> dict[str, Any]:
    """Return the official SDK's reading, told as `told` tells ours."""
    reading = recording.expected
    calls = [
        {"name": call["name"], "arguments": call["arguments"], "id": call["id"]}
        for call in reading["tool_calls"]
    ]
    fields = {name: reading.get(name) for name in ("text", "reasoning", "finish_reason", "usage")}
    fields["usage"] = without_nulls(fields["usage"])
    return fields | {"tool_calls": calls, "id": reading["id"], "model": reading["model"]}


def streamed(client: sdk.OpenAI) -> OpenAIStream:
    @openai.call("asked-for", stream=True, client=client)
    @prompt_template("Recommend a {genre} book")
    def recommend(genre: str) -> None: ...

    return recommend("fantasy")


@pytest.fixture(scope="module")
def client(replay: Loopback) -> Iterator[sdk.OpenAI]:
    with sdk.OpenAI(base_url=replay.url, api_key="key", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("recording", WHOLE, ids=lambda r: r.name)
def test_a_recorded_answer_reads_as_the_sdk_reads_it(
    recording: Recording, client: sdk.OpenAI, replay: Loopback
) -> None:
    stream = streamed(client.with_options(base_url=f"{replay.url}/{recording.name}"))
    assert read(stream) == expected(recording)
    assert stream.state == "finished"


@pytest.mark.parametrize("recording", WHOLE, ids=lambda r: r.name)
def test_the_same_async(recording: Recording, replay: Loopback) -> None:
    async def read_all() -> OpenAIStream:
        url = f"{replay.url}/{recording.name}"
        async with sdk.AsyncOpenAI(base_url=url, api_key="key") as client:

            @openai.call("asked-for", stream=True, client=client)
            @prompt_template("Recommend a {genre} book")
            async def recommend(genre: str) -> None: ...

            stream = await recommend("fantasy")
            async for _ in stream:
                pass
            return stream

    assert told(anyio.run(read_all)) == expected(recording)


@pytest.mark.parametrize(
    ("recording", "size"),
    [(r, 1 if len(r.body) < 4_000 else 1_447) for r in WHOLE],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_same_however_the_bytes_are_cut(recording: Recording, size: int) -> None:
    stream = OpenAIStream(stream=Pieces(in_pieces(recording.body, size)))
    assert read(stream) == expected(recording)


class Pieces(Opener):
    """An answer that comes in given pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def open(self) -> Source:
        pieces = self.pieces

        class Blocks(Source):
            def __iter__(self) -> Iterator[bytes]:
                return iter(pieces)

        return Blocks()

    async def aopen(self) -> AsyncSource:
        raise NotImplementedError


@pytest.mark.parametrize("recording", REFUSALS, ids=lambda r: r.name)
def test_a_recorded_refusal_is_an_error_of_both_trees(
    recording: Recording, client: sdk.OpenAI, replay: Loopback
) -> None:
    stream = streamed(client.with_options(base_url=f"{replay.url}/{recording.name}"))
    with pytest.raises(errors.StreamAPIError) as caught:
        list(stream)
    sdk_class = getattr(sdk, recording.expected["error"]["type"].removeprefix("openai."))
    assert isinstance(caught.value, sdk_class)
    assert str(caught.value) == recording.expected["error"]["message"]
    assert (caught.value.status_code, caught.value.phase) == (recording.status, "open")
    assert stream.state == "failed"


@pytest.mark.parametrize("recording", BROKEN, ids=lambda r: r.name)
def test_a_recorded_error_inside_a_stream_is_an_error_of_both_trees(
    recording: Recording, client: sdk.OpenAI, replay: Loopback
) -> None:
    stream = streamed(client.with_options(base_url=f"{replay.url}/{recording.name}"))
    with pytest.raises(
        errors.StreamAPIError, match=recording.expected["error"]["message"][:20]
    ) as caught:
        list(stream)
    assert isinstance(caught.value, sdk.APIError)
    assert str(caught.value.code) == recording.expected["error"]["status"]
    heard = recording.expected["choices"].get("0", {"text": "", "reasoning": ""})
    partial = stream.partial()
    assert (partial.content, partial.reasoning) == (heard["text"], heard["reasoning"])
    assert partial.partial
