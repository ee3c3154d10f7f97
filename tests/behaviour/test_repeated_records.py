"""A record that repeats the one before, with another text, is read in a short way.

The result is the same as that of the general way, which a decoder takes if there is a further
choice, even one that is ``null``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import product
from typing import Any, Final, NamedTuple

import pytest

from mirascope.core._dialects.chat_completions.decoder import ChatCompletionsDecoder
from mirascope.core._wire.accumulator import Keep
from mirascope.core._wire.events import JSON, ProviderError
from mirascope.core.gemini._decoder import GeminiDecoder
from mirascope.core.groq._decoder import GroqDecoder
from mirascope.core.mistral import MistralCallResponseChunk
from mirascope.core.mistral._decoder import MistralDecoder
from mirascope.core.openai import OpenAICallResponseChunk

Record = dict[str, JSON]
More = dict[str, Record]

VALUES: Final[tuple[JSON, ...]] = (
    *(None, "", "x", 0, 1, [], ["x"], [{"id": "x", "text": "x"}], {}),
    *({"prompt_tokens": 3}, {"promptTokenCount": 3}, {"content": ["x"]}),
)


class Wire(NamedTuple):
    """A provider's decoder, its records, and the fields that change them."""

    decoder: Callable[[Keep], Any]
    record: Callable[[str, More], Record]
    fields: dict[str, tuple[str, ...]]


def completion(text: str, more: More) -> Record:
    delta: JSON = {"content": text, **more.get("delta", {})}
    choices: JSON = [{"index": 0, "delta": delta, **more.get("choices", {})}]
    return {"id": "i", "model": "m", "choices": choices, **more.get("record", {})}


COMPLETIONS: Final = {
    "record": ("error", "id", "model", "novel", "usage", "x_groq"),
    "choices": ("delta", "finish_reason", "index", "logprobs", "novel"),
    "delta": ("content", "executed_tools", "novel", "reasoning", "role", "tool_calls"),
}


def generated(text: str, more: More) -> Record:
    content: JSON = {"parts": [{"text": text, **more.get("part", {})}], "role": "model"}
    candidates: JSON = [{"content": content, "index": 0, **more.get("candidates", {})}]
    usage: JSON = {"promptTokenCount": 1, "candidatesTokenCount": len(text)}
    record: Record = {"candidates": candidates, "usageMetadata": usage, "responseId": "i"}
    return {**record, **more.get("record", {})}


GENERATED: Final = {
    "record": ("error", "modelVersion", "novel", "promptFeedback", "responseId", "usageMetadata"),
    "candidates": ("citationMetadata", "content", "finishReason", "index", "novel"),
    "part": ("novel", "text", "thought"),
}

WIRES: Final = {
    "gemini": Wire(lambda keep: GeminiDecoder(keep=keep), generated, GENERATED),
    "groq": Wire(lambda keep: GroqDecoder(keep=keep), completion, COMPLETIONS),
    "mistral": Wire(
        lambda keep: MistralDecoder(MistralCallResponseChunk, keep=keep), completion, COMPLETIONS
    ),
    "openai": Wire(
        lambda keep: ChatCompletionsDecoder(OpenAICallResponseChunk, keep=keep),
        completion,
        COMPLETIONS,
    ),
}


def streams(wire: Wire) -> Iterator[list[Record]]:
    """Yield records of a text of which some have one field more, or another value of it."""
    for place, names in wire.fields.items():
        for name, value, other in product(names, VALUES, VALUES[:4]):
            more, less = {place: {name: value}}, {place: {name: other}}
            fields = ({}, {}, more, more, {}, {}, less, less, more, less)
            yield [wire.record("a" * at, each) for at, each in enumerate(fields, 1)]


def seen(wire: Wire, keep: Keep, records: list[Record], further: list[JSON]) -> list[Any]:
    """Return all that users see if the records have further choices."""
    decoder, found, ready = wire.decoder(keep), list[Any](), list[Any]()
    place = "candidates" if wire.record is generated else "choices"
    for record in records:
        read: Any = deepcopy(record)
        read[place] += further
        try:
            decoder.decode(read, json.dumps(record).encode(), ready)
        except ProviderError:
            found.append("error")
            break
        found.append((decoder.id, decoder.tokens, decoder.finish_reasons, decoder.is_complete))
    decoder.flush(ready)
    for chunk in ready:
        found += [chunk.content, chunk.reasoning, chunk.finish_reasons, chunk.id, chunk.model]
        found += [chunk.tokens, chunk.tool_calls, chunk.parts, chunk.is_output]
    return [*found, decoder.reply.content, decoder.reply.reasoning, decoder.response()]


@pytest.mark.parametrize("keep", ["all", "none"])
@pytest.mark.parametrize("provider", WIRES)
def test_the_short_way_has_the_result_of_the_general_way(provider: str, keep: Keep) -> None:
    wire = WIRES[provider]
    for records in streams(wire):
        assert seen(wire, keep, records, []) == seen(wire, keep, records, [None])
