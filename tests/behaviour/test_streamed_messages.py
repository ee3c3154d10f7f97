"""A streamed message is the message that a plain call gives, and the same goes back.

Any plain message, with fields at every level that no SDK knows, is cut into deltas as a server may
cut it (``deltas.py``), streamed, and put together again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.cases import Case, Driver, event
from support.deltas import CALLS, TEXTS, UNKNOWN, Cut, JSONObject, cut, cut_calls, sliced
from support.in_memory import InMemory
from support.providers.groq import GROQ
from support.providers.mistral import MISTRAL
from support.providers.openai import OPENAI, usage

from mirascope.core import groq, mistral, openai
from mirascope.core.anthropic._decoder import AnthropicDecoder
from mirascope.core.cohere._decoder import CohereDecoder
from mirascope.core.gemini._decoder import GeminiDecoder
from mirascope.testing.loopback import Loopback, Response


@dataclass(frozen=True, repr=False)
class Dialect:
    """How a provider has plain messages, and how it cuts them.

    Attributes:
        case: The provider.
        stream: Its streams.
        messages: Plain messages of it.
        own: How fields are cut that have a way of their own.
    """

    case: Case
    stream: Any
    messages: st.SearchStrategy[JSONObject]
    own: dict[str, Cut] = field(default_factory=dict)


def messages(
    content: st.SearchStrategy[Any], **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[JSONObject]:
    known = st.fixed_dictionaries(
        {"role": st.just("assistant"), "content": content},
        optional={"tool_calls": CALLS, **fields},
    )
    return st.builds(lambda rest, message: {**rest, **message}, UNKNOWN, known)


EXECUTED: Final = st.lists(
    st.fixed_dictionaries(
        {"type": st.just("search"), "arguments": TEXTS},
        optional={"output": TEXTS, "search_results": UNKNOWN},
    ),
    min_size=1,
    max_size=2,
).map(lambda tools: [{"index": number, **tool} for number, tool in enumerate(tools)])


def retold(random: Random, tools: list[JSONObject]) -> list[list[JSONObject]]:
    """Cut tools that Groq executed: each record holds all that there is so far of one."""
    sizes = [range(random.randint(2, len(tool)), len(tool) + 1) for tool in tools]
    return [
        [dict([*tool.items()][:size])]
        for tool, some in zip(tools, sizes, strict=True)
        for size in some
    ]


TEXT_PART: Final = st.builds(lambda text: {"type": "text", "text": text}, TEXTS.filter(bool))
THINKING: Final = st.builds(
    lambda text, more: {"type": "thinking", "thinking": [text], **more},
    TEXT_PART,
    st.fixed_dictionaries({}, optional={"signature": TEXTS.filter(bool), "closed": st.booleans()}),
)
PARTS: Final = st.tuples(THINKING, TEXT_PART).map(list) | st.tuples(THINKING).map(list)


def cut_content(random: Random, content: Any) -> list[Any]:
    """Cut a content that is a text, or thinking and perhaps a text that follows it."""
    if isinstance(content, str):
        return sliced(random, content)
    thinking, *rest = content
    (inner,) = thinking["thinking"]
    pieces = [
        [{"type": "thinking", "thinking": [{**inner, "text": text}]}]
        for text in sliced(random, inner["text"])
    ]
    pieces[-1][0] |= {**thinking, "thinking": pieces[-1][0]["thinking"]}
    texts = [text for part in rest for text in sliced(random, part["text"])]
    return [*pieces, *(random.choice([text, [{"type": "text", "text": text}]]) for text in texts)]


DIALECTS: Final = [
    Dialect(
        OPENAI,
        openai.OpenAIStream,
        messages(
            st.none() | TEXTS,
            refusal=st.none() | TEXTS,
            reasoning=TEXTS,
            reasoning_content=st.none() | TEXTS,
            name=st.sampled_from(["assistant"]),
        ),
        {"name": lambda random, name: [name] * random.randint(1, 3)},
    ),
    Dialect(
        GROQ,
        groq.GroqStream,
        messages(st.none() | TEXTS, reasoning=TEXTS, executed_tools=EXECUTED),
        {"executed_tools": retold},
    ),
    Dialect(MISTRAL, mistral.MistralStream, messages(TEXTS | PARTS), {"content": cut_content}),
]
OF_DIALECTS: Final = pytest.mark.parametrize(
    "dialect", DIALECTS, ids=[dialect.case.name for dialect in DIALECTS]
)


def drawn(data: st.DataObject, dialect: Dialect) -> tuple[JSONObject, list[bytes]]:
    """Draw a plain response, and the events of a stream of the same."""
    message = data.draw(dialect.messages)
    random = Random(data.draw(st.integers(0, 2**32)))
    reported = {name: value for name, value in message.items() if name != "role"}
    deltas = [{"role": "assistant"}, *cut(random, reported, tool_calls=cut_calls, **dialect.own)]
    choices = [{"index": 0, "delta": delta} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    records: list[JSONObject] = [
        {"id": "c", "created": 1, "model": "m", "choices": [choice]} for choice in choices
    ]
    records[-1]["usage"] = usage(3, 2)
    whole = {"index": 0, "finish_reason": "stop", "message": message}
    if dialect.case is MISTRAL:
        numbered = [{**call, "index": n} for n, call in enumerate(message.get("tool_calls", ()))]
        message["tool_calls"] = numbered or None
    else:
        whole["logprobs"] = None
    plain = {"id": "c", "created": 1, "model": "m", "object": "chat.completion"}
    return {**plain, "usage": usage(3, 2), "choices": [whole]}, [
        *map(event, records),
        b"data: [DONE]\n\n",
    ]


def said(response: Any) -> Any:
    return response.response.model_dump(warnings=False)


@OF_DIALECTS
@given(data=st.data())
def test_a_message_is_put_together_from_its_deltas(data: st.DataObject, dialect: Dialect) -> None:
    plain, events = drawn(data, dialect)
    stream = dialect.stream(stream=InMemory(events))
    for _ in stream:
        pass
    streamed = stream.construct_call_response()
    expected = replace(streamed, response=type(streamed).raw(plain), streamed_tool_calls=None)
    assert said(streamed) == said(expected)
    assert streamed.message_param == expected.message_param == stream.message_param
    assert (streamed.content, streamed.reasoning) == (expected.content, expected.reasoning)
    assert stream.content == expected.content


@OF_DIALECTS
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_streamed_call_is_like_a_plain_one(
    data: st.DataObject, dialect: Dialect, driver: Driver
) -> None:
    plain, events = drawn(data, dialect)
    case = dialect.case
    with Loopback() as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv(case.key_variable, "key")
        environment.setenv(case.url_variable, case.url(server.url))
        server.queue = [Response(events), Response.of_json(plain)]
        stream, _ = driver.call_and_read(driver.function(case))
        whole = driver.call(driver.function(case, stream=False))
    assert said(stream.construct_call_response()) == said(whole)
    assert stream.message_param == whole.message_param


# The providers whose responses are blocks or parts: what opens one, and what is added to it.

BLOCKS: Final = st.lists(
    st.one_of(
        st.builds(lambda text, more: {**more, "type": "text", "text": text}, TEXTS, UNKNOWN),
        st.builds(
            lambda text, more: {**more, "type": "thinking", "thinking": text, "signature": "s"},
            TEXTS,
            UNKNOWN,
        ),
        st.builds(
            lambda args, more: {
                "type": "tool_use",
                "id": "toolu_1",
                "name": "add",
                "input": args,
                **{f"novel_{name}": value for name, value in more.items()},
            },
            st.dictionaries(TEXTS, st.integers(-9, 9) | TEXTS, max_size=2),
            UNKNOWN,
        ),
    ),
    max_size=3,
)


RANDOMS: Final = st.integers(0, 2**32).map(Random)


@given(BLOCKS, RANDOMS)
def test_the_blocks_of_anthropic(blocks: list[JSONObject], random: Random) -> None:
    events: list[JSONObject] = [{"type": "message_start", "message": {"id": "m", "content": []}}]
    for index, block in enumerate(blocks):
        reported = {name: value for name, value in block.items() if name not in {"input", "type"}}
        opened, *deltas = cut(random, {**reported, "type": block["type"]})
        if "input" in block:
            opened = {**block, "input": {}}
            deltas = [{"partial_json": text} for text in sliced(random, json.dumps(block["input"]))]
        opened["type"] = block["type"]
        pieces = [{**{n: v for n, v in d.items() if n != "type"}, "type": "x"} for d in deltas]
        events += [
            {"type": "content_block_start", "index": index, "content_block": opened},
            *({"type": "content_block_delta", "index": index, "delta": piece} for piece in pieces),
            {"type": "content_block_stop", "index": index},
        ]
    decoder = AnthropicDecoder()
    for each in [*events, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}]:
        decoder.decode(each, b"", [])
    assert decoder.response()["content"] == blocks


@given(UNKNOWN, st.lists(UNKNOWN, max_size=2), TEXTS.filter(bool), RANDOMS)
def test_the_message_of_cohere(
    rest: JSONObject, extras: list[JSONObject], text: str, random: Random
) -> None:
    blocks = [{**extra, "type": "text", "text": text} for extra in extras]
    messages: list[tuple[int | None, JSONObject]] = [
        (index, {"content": piece})
        for index, block in enumerate(blocks)
        for piece in cut(random, block)
    ]
    messages += [(None, piece) for piece in cut(random, rest)]
    decoder = CohereDecoder(None)
    for index, message in messages:
        decoder.decode({"type": "novel", "index": index, "delta": {"message": message}}, b"", [])
    whole = {"role": "assistant", **rest, **({"content": blocks} if blocks else {})}
    assert decoder.response()["message"] == whole


@given(
    st.lists(st.tuples(st.booleans(), TEXTS.filter(bool), UNKNOWN), max_size=4),
    RANDOMS,
)
def test_the_parts_of_gemini(drawn: list[tuple[bool, str, JSONObject]], random: Random) -> None:
    parts: list[JSONObject] = []
    pieces: list[JSONObject] = []
    for is_text, text, more in drawn:
        if is_text and not (parts and parts[-1].keys() == {"text"}):
            parts.append({"text": text})
            pieces += [{"text": piece} for piece in sliced(random, text)]
        elif not is_text:
            parts.append({**more, "novel": text})
            pieces.append(parts[-1])
    decoder = GeminiDecoder()
    for piece in pieces:
        record = {"candidates": [{"content": {"parts": [piece], "role": "model"}}]}
        decoder.decode(record, b"", [])
    candidates = decoder.response()["candidates"]
    assert candidates == ([{"content": {"parts": parts, "role": "model"}}] if pieces else [])
