"""The response so far: how decoders assemble it, and how much of it is kept."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest
from support.cases import Case
from support.growth import assert_linear
from support.providers.cohere import said
from support.providers.openai import completion_chunk

from mirascope.core._dialects.chat_completions.decoder import ChatCompletionsDecoder
from mirascope.core._dialects.event_stream import EventStreamDecoder
from mirascope.core._dialects.responses.decoder import ResponsesDecoder
from mirascope.core._wire.accumulator import Keep
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_text import from_bytes
from mirascope.core._wire.sse import SSEDecoder
from mirascope.core.anthropic._decoder import AnthropicDecoder
from mirascope.core.bedrock._decoder import BedrockDecoder
from mirascope.core.cohere._decoder import CohereDecoder
from mirascope.core.gemini._decoder import GeminiDecoder
from mirascope.core.groq._decoder import GroqDecoder
from mirascope.core.mistral import MistralCallResponseChunk
from mirascope.core.mistral._decoder import MistralDecoder
from mirascope.core.openai import OpenAICallResponseChunk
from mirascope.core.openai_responses import OpenAIResponsesCallResponseChunk
from mirascope.testing.conformance import Reasoning, Text, one_after_another

DECODERS: Final[dict[str, Callable[[Keep], Any]]] = {
    "anthropic": lambda keep: AnthropicDecoder(keep=keep),
    "bedrock": lambda keep: BedrockDecoder(None, keep=keep),
    "cohere": lambda keep: CohereDecoder(None, keep=keep),
    "gemini": lambda keep: GeminiDecoder(keep=keep),
    "groq": lambda keep: GroqDecoder(keep=keep),
    "mistral": lambda keep: MistralDecoder(MistralCallResponseChunk, keep=keep),
    "openai": lambda keep: ChatCompletionsDecoder(OpenAICallResponseChunk, keep=keep),
    "openai_responses": lambda keep: ResponsesDecoder(OpenAIResponsesCallResponseChunk, keep=keep),
}

ANSWERS: Final[dict[str, Callable[[int], Record]]] = {
    "gemini": lambda n: {"candidates": [{"index": n, "finishReason": "STOP"}]},
    "openai": lambda n: {"choices": [{"index": n, "delta": {}, "finish_reason": "stop"}]},
}


@pytest.mark.parametrize("provider", ANSWERS)
def test_the_work_is_linear_in_the_number_of_choices(provider: str) -> None:
    def ending(choices: int) -> Callable[[], None]:
        decoder = DECODERS[provider]("all")
        records = [ANSWERS[provider](n) for n in range(choices)]

        def end() -> None:
            for record in records:
                decoder.decode(record, b"", [])
                assert decoder.is_complete

        return end

    assert_linear(ending, 500)


# How much is kept.


class Read:
    """A stream that was read; the tools of each event are taken, as a stream with tools does."""

    def __init__(self, case: Case, keep: Keep) -> None:
        self.decoder = DECODERS[case.family](keep)
        self.chunks: list[Any] = []
        self.calls: list[tuple[str, str]] = []
        self._framing = SSEDecoder() if case.server_sent else EventStreamDecoder()

    def feed(self, events: Iterable[bytes]) -> None:
        for event in events:
            for data in self._framing.feed(event):
                if data.startswith(b"{"):
                    self.decoder.decode(from_bytes(data), data, self.chunks)
                    self._take(ended=False)

    def all(self, events: Iterable[bytes]) -> Read:
        self.feed(events)
        self.decoder.flush(self.chunks)
        self._take(ended=True)
        return self

    def _take(self, *, ended: bool) -> None:
        taken = self.decoder.reply.take_tool_calls(at_end=ended)
        self.calls += [(call.name, call.arguments) for call in taken]


CALLS = (("first", '{"a": "told"}'), ("second", '{"b": "told too"}'), ("third", "{}"))


def answer(case: Case) -> list[bytes]:
    thinking = (Reasoning("thought "), Reasoning("about"))
    return case.tool_call_response(*thinking, Text("said "), Text("so"), *one_after_another(*CALLS))


@pytest.mark.parametrize("keep", ["none", "text"])
def test_chunks_and_calls_do_not_depend_on_keep(case: Case, keep: Keep) -> None:
    whole, read = Read(case, "all").all(answer(case)), Read(case, keep).all(answer(case))
    for name in ("content", "reasoning", "tool_calls", "finish_reasons", "tokens", "is_output"):
        reported = [getattr(chunk, name) for chunk in read.chunks]
        assert reported == [getattr(chunk, name) for chunk in whole.chunks]
    assert read.calls == whole.calls
    assert [name for name, _ in read.calls] == [name for name, _ in CALLS]
    for name in ("id", "model", "tokens", "finish_reasons", "is_complete", "done"):
        assert getattr(read.decoder, name) == getattr(whole.decoder, name)


def test_keep_text_keeps_all_of_a_message(case: Case) -> None:
    whole, text = Read(case, "all").all(answer(case)), Read(case, "text").all(answer(case))
    assert text.decoder.response() == whole.decoder.response()
    assert text.decoder.reply.content == "said so"
    assert text.decoder.reply.kept_calls == text.decoder.reply.tool_calls


def test_keep_none_keeps_nothing_of_a_response(case: Case) -> None:
    read = Read(case, "none").all(answer(case))
    reply = read.decoder.reply
    assert (reply.content, reply.reasoning, reply.kept_calls) == ("", "", [])
    assert [call.name for call in reply.tool_calls] == [name for name, _ in CALLS]
    response = json.dumps(read.decoder.response())
    assert not any(text in response for text in ("said", "thought", "reported", "about"))


def test_without_text_memory_does_not_grow(case: Case) -> None:
    read = Read(case, "none")
    begun = [*case.begin, case.reasoning("a thought"), case.text("a text")]
    read.feed(begun * 20 if case.name != "anthropic" else begun)
    tracemalloc.start()
    for _ in range(1_000):
        read.feed([case.reasoning("a thought, and another one"), case.text("a text as long")])
        read.chunks.clear()
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 20_000


LOGPROB = {"token": "a", "logprob": -1, "bytes": None, "top_logprobs": []}


@pytest.mark.parametrize(
    ("name", "event", "where"),
    [
        (
            "openai",
            completion_chunk(
                None,
                choices=[
                    {"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [LOGPROB]}}
                ],
            ),
            lambda response: response["choices"][0]["logprobs"],
        ),
        (
            "cohere",
            said("content-delta", {"content": {"text": "a"}}, 0, logprobs={"text": "a"}),
            lambda response: response.get("logprobs"),
        ),
    ],
)
def test_logprobs_are_kept_with_keep_all_only(
    name: str, event: bytes, where: Callable[[dict[str, Any]], object]
) -> None:
    [data] = [data for data in SSEDecoder().feed(event) if data]
    kept: dict[Keep, bool] = {"all": True, "text": False, "none": False}
    for keep, expected in kept.items():
        decoder = DECODERS[name](keep)
        decoder.decode(from_bytes(data), data, [])
        assert bool(where(decoder.response())) is expected
        assert decoder.reply.content == ("" if keep == "none" else "a")
