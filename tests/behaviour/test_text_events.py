"""An event with nothing but a text is read in a short way, whose result is that of any event."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirascope.core._dialects.chat_completions.decoder import ChatCompletionsDecoder
from mirascope.core._dialects.responses.decoder import ResponsesDecoder
from mirascope.core._engine.item_reader import ItemReader
from mirascope.core._wire.accumulator import Keep
from mirascope.core._wire.events import JSON
from mirascope.core._wire.sse import SSEDecoder
from mirascope.core.anthropic._decoder import AnthropicDecoder
from mirascope.core.cohere._decoder import CohereDecoder
from mirascope.core.openai import OpenAICallResponseChunk
from mirascope.core.openai_responses import OpenAIResponsesCallResponseChunk

Event = dict[str, JSON]


class Wire(NamedTuple):
    """The events of a provider: of a text, the same one made unusual, and others."""

    decoder: Callable[[Keep], Any]
    text: Callable[[JSON, JSON], Event]
    unusual: Callable[[Any], Event]
    others: Callable[[JSON], list[Event]]


def anthropic_text(index: JSON, text: JSON) -> Event:
    delta: Event = {"type": "text_delta", "text": text}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def anthropic_others(index: JSON) -> list[Event]:
    thinking: Event = {"type": "thinking_delta", "thinking": "hm"}
    return [
        {"type": "content_block_start", "index": index, "content_block": block}
        for block in ({"type": "text", "text": "x"}, {"type": "text"}, {"type": "thinking"})
    ] + [
        {"type": "content_block_delta", "index": index, "delta": thinking},
        {"type": "content_block_stop", "index": index},
        {"type": "message_start", "message": {"id": "m", "model": "n", "content": []}},
    ]


def cohere_text(index: JSON, text: JSON) -> Event:
    return {
        "type": "content-delta",
        "index": index,
        "delta": {"message": {"content": {"text": text}}},
    }


def cohere_others(index: JSON) -> list[Event]:
    messages: list[JSON] = [
        {"content": {"type": "text", "text": "x"}},
        {"content": {"thinking": "hm"}},
        {"citations": {"start": 0}},
        {"tool_plan": "p"},
    ]
    plain: Event = {"message": {"content": [{"type": "text", "text": "all"}]}}
    return [
        *({"type": "any", "index": index, "delta": {"message": each}} for each in messages),
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", **plain}},
    ]


def responses_text(index: JSON, text: JSON) -> Event:
    place: Event = {"output_index": 0, "content_index": index}
    return {"type": "response.output_text.delta", **place, "delta": text}


def responses_others(index: JSON) -> list[Event]:
    place: Event = {"output_index": 0, "content_index": index}
    return [
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
        {"type": "response.output_text.annotation.added", **place, "annotation": {"type": "a"}},
        {"type": "response.reasoning_text.delta", "output_index": 1, "delta": "hm"},
    ]


def completions(choices: list[JSON], **fields: JSON) -> Event:
    return {"id": "i", "model": "m", "choices": choices, **fields}


def completions_text(index: JSON, text: JSON) -> Event:
    choices: list[JSON] = [{"index": index, "delta": {"content": text}}]
    version = "g" if text == "b" else "f"
    return completions(choices, system_fingerprint=version, obfuscation="x" * len(str(text)))


def completions_others(index: JSON) -> list[Event]:
    delta: Event = {"role": "assistant", "refusal": "no"}
    text: Event = {"content": "x"}
    return [
        completions([{"index": index, "delta": delta}]),
        completions([{"index": index, "delta": text, "finish_reason": "stop"}]),
        completions([{"index": index, "delta": text}], id="j"),
        completions([{"index": index, "delta": {"content": "x", "text": "y"}}]),
        {"choices": [{"index": index, "delta": text}]},
        {"choices": [], "id": "i", "model": "m", "usage": {"prompt_tokens": 3}},
    ]


WIRES: Final = {
    "anthropic": Wire(
        lambda keep: AnthropicDecoder(keep=keep),
        anthropic_text,
        lambda event: {**event, "delta": {**event["delta"], "citation": None}},
        anthropic_others,
    ),
    "cohere": Wire(
        lambda keep: CohereDecoder(None, keep=keep),
        cohere_text,
        lambda event: {**event, "unknown": 1},
        cohere_others,
    ),
    "openai_responses": Wire(
        lambda keep: ResponsesDecoder(OpenAIResponsesCallResponseChunk, keep=keep),
        responses_text,
        lambda event: {**event, "logprobs": "none"},
        responses_others,
    ),
    "openai": Wire(
        lambda keep: ChatCompletionsDecoder(OpenAICallResponseChunk, keep=keep),
        completions_text,
        lambda event: {**event, "usage": 1},
        completions_others,
    ),
}

INDEXES: Final = st.sampled_from(
    (0, 0, 0, 0, 0, 0, 1, None)
)  # most go to one place, as a server's do
TEXTS: Final = st.sampled_from(("a", "a", "a", "b", "b", "b", "", None, 7, ["x"]))


def events(wire: Wire) -> st.SearchStrategy[list[tuple[Event, Event]]]:
    """Events, each with what is sent in its place: an unusual one for that of a text."""
    texts = st.builds(wire.text, INDEXES, TEXTS).map(lambda text: (text, wire.unusual(text)))
    others = INDEXES.flatmap(lambda index: st.sampled_from(wire.others(index)))
    return st.lists(texts | texts | texts | others.map(lambda other: (other, other)), max_size=12)


def result(wire: Wire, keep: Keep, records: Sequence[Event]) -> list[Any]:
    """All that is to be seen after each event, but for the event itself."""
    decoder = wire.decoder(keep)
    reader = ItemReader(decoder, SSEDecoder(), None, lambda: None)
    seen: list[Any] = []
    for record in records:
        data = json.dumps(record, separators=(",", ":")).encode()
        for chunk, _ in reader.feed(b"data: %b\n\n" % data):
            seen.append((chunk.model_dump(exclude={"chunk"}), chunk.parts, chunk.tool_calls))
        seen.append((decoder.reply.content, decoder.id, decoder.tokens, decoder.is_complete))
    return [*seen, decoder.response()]


@pytest.mark.parametrize("keep", ["all", "text", "none"])
@pytest.mark.parametrize("provider", WIRES)
@given(data=st.data())
@settings(max_examples=100)
def test_the_short_way_has_the_same_result(provider: str, keep: Keep, data: st.DataObject) -> None:
    wire = WIRES[provider]
    pairs = data.draw(events(wire))
    usual, unusual = [one for one, _ in pairs], [other for _, other in pairs]
    assert result(wire, keep, usual) == result(wire, keep, unusual)
