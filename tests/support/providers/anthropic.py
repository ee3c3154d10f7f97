"""Anthropic's Messages API, as the tests see it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import anthropic as sdk
from anthropic.types import MessageParam

from mirascope.core.providers import load_provider
from mirascope.testing.conformance import (
    CallDelta,
    CallEnd,
    CallStart,
    Reasoning,
    Step,
    Text,
    call_id,
)
from support.cases import Case, arguments_of
from support.cases import event as any_event


def event(kind: str, **fields: object) -> bytes:
    return any_event({"type": kind, **fields}, kind)


def usage(input_tokens: int, output_tokens: int, **more: object) -> dict[str, object]:
    return {"input_tokens": input_tokens, "output_tokens": output_tokens, **more}


def message(content: list[Any], stop_reason: str | None, **fields: object) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "the-model-that-answers",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage(3, 2),
        **fields,
    }


def message_start(**fields: object) -> bytes:
    return event("message_start", message=message([], None, usage=usage(3, 1)) | fields)


def block_start(index: int, **block: object) -> bytes:
    return event("content_block_start", index=index, content_block=block)


def block_delta(index: int, kind: str, **fields: object) -> bytes:
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


def block_stop(index: int) -> bytes:
    return event("content_block_stop", index=index)


def message_delta(
    stop_reason: str, counts: dict[str, object] | None = None, **fields: object
) -> bytes:
    delta = {"stop_reason": stop_reason, "stop_sequence": None, **fields}
    return event("message_delta", delta=delta, usage=counts or {"output_tokens": 2})


STOP = event("message_stop")


def expected(reading: dict[str, Any]) -> dict[str, Any]:
    counts = reading["usage"]
    cached = counts.get("cache_read_input_tokens")
    created = counts.get("cache_creation_input_tokens")
    return {
        "text": reading["text"],
        "reasoning": reading["reasoning"],
        "finish_reason": reading["finish_reason"],
        "tool_calls": [
            (
                call["name"],
                arguments_of(call["arguments"] or json.dumps(call["initial_input"])),
                call["id"],
            )
            for call in reading["tool_calls"]
        ],
        "tokens": (
            counts["input_tokens"] + (cached or 0) + (created or 0),
            counts["output_tokens"],
            cached,
        ),
        "id": reading["id"],
        "model": reading["model"],
    }


def steps(steps: Iterable[Step]) -> list[bytes]:
    """Return the events of steps; the index of a call is that of its block."""
    return [reported for index, step in enumerate(steps, 1) for reported in _told(index, step)]


def _told(index: int, step: Step) -> Iterator[bytes]:
    match step:
        case Text(text):
            block, delta = {"type": "text", "text": ""}, block_delta(index, "text_delta", text=text)
        case Reasoning(text):
            block = {"type": "thinking", "thinking": "", "signature": ""}
            delta = block_delta(index, "thinking_delta", thinking=text)
        case CallStart(call, name):
            yield block_start(
                _block_of(call), type="tool_use", id=call_id(call), name=name, input={}
            )
            return
        case CallDelta(call, arguments):
            yield block_delta(_block_of(call), "input_json_delta", partial_json=arguments)
            return
        case CallEnd(call):
            yield block_stop(_block_of(call))
            return
    yield from (block_start(index, **block), delta, block_stop(index))


def _block_of(call: int) -> int:
    return 1000 + call


ANTHROPIC = Case(
    provider=load_provider("anthropic"),
    sdk_package="anthropic",
    key_variable="ANTHROPIC_API_KEY",
    url_variable="ANTHROPIC_BASE_URL",
    temperature_of=lambda body: body["temperature"],
    begin=[message_start(), block_start(0, type="text", text="")],
    keepalive=event("ping"),
    text=lambda text: block_delta(0, "text_delta", text=text),
    reasoning=lambda text: block_delta(1, "thinking_delta", thinking=text),
    end=lambda tokens_in, tokens_out: [
        block_stop(0),
        message_delta("end_turn", usage(tokens_in, tokens_out)),
        STOP,
    ],
    stop="end_turn",
    failure=event("error", error={"type": "overloaded_error", "message": "It is overloaded"}),
    failure_status=529,
    steps=steps,
    tool_stop="tool_use",
    called_plain=lambda name, arguments: message(
        [
            {
                "type": "tool_use",
                "id": call_id(0),
                "name": name,
                "input": json.loads(arguments or "{}"),
            }
        ],
        "tool_use",
    ),
    messages=list[MessageParam],
    plain=lambda text: message([{"type": "text", "text": text}], "end_turn"),
    client=lambda url, key, **options: sdk.Anthropic(base_url=url, api_key=key, **options),
    async_client=lambda url, key, **options: sdk.AsyncAnthropic(
        base_url=url, api_key=key, **options
    ),
    timeout=lambda seconds: {"timeout": seconds},
    error_body=lambda text: {"type": "error", "error": {"type": "api_error", "message": text}},
    request_id_header="request-id",
    recordings=("anthropic",),
    expected=expected,
    begins=lambda chunk: chunk.chunk.type == "message_start",
    disagree={
        **dict.fromkeys(
            (
                "anthropic/ai--__fixtures__--anthropic-programmatic-tool-calling.1.chunks",
                "anthropic/ai--__fixtures__--anthropic-tool-search-bm25.1.chunks",
                "anthropic/ai--__fixtures__--anthropic-tool-search-deferred-bm25.chunks",
                "anthropic/ai--__fixtures__--anthropic-tool-search-deferred-regex.chunks",
                "anthropic/ai--__fixtures__--anthropic-tool-search-regex.1.chunks",
            ),
            "bodies of several answers, one after another: nothing follows a `message_stop`",
        ),
        "anthropic/rig--streaming--gateway_message_delta_metadata": (
            "a gateway sends `[DONE]` after the end, at which the SDK fails: the answer is whole"
        ),
    },
)
