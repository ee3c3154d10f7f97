"""OpenAI's Responses API, as the tests see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import openai as sdk
from openai.types.responses import ResponseInputItemParam

from mirascope.core._dialects.responses.messages import OutputMessage
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
    return any_event({"type": kind, "sequence_number": 0, **fields}, kind)


def usage(input_tokens: int, output_tokens: int, cached: int = 0) -> dict[str, Any]:
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input_tokens + output_tokens,
    }


def response(output: list[Any], status: str = "completed", **fields: object) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "the-model-that-answers",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage(3, 2),
        **fields,
    }


def begun(**fields: object) -> bytes:
    return event("response.created", response=response([], "in_progress", usage=None, **fields))


def ended(status: str = "completed", **fields: object) -> bytes:
    """Return the last event, of a server that does not repeat the output in it."""
    return event(f"response.{status}", response=response([], status, **fields))


def message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def item_added(index: int, item: dict[str, Any]) -> bytes:
    item = {**item, "status": "in_progress"}
    return event("response.output_item.added", output_index=index, item=item)


def item_done(index: int, item: dict[str, Any]) -> bytes:
    item = {**item, "status": "completed"}
    return event("response.output_item.done", output_index=index, item=item)


def part_added(index: int = 0) -> bytes:
    return event(
        "response.content_part.added",
        item_id="msg_1",
        output_index=index,
        content_index=0,
        part={"type": "output_text", "text": "", "annotations": []},
    )


def text_delta(text: str, index: int = 0) -> bytes:
    return event(
        "response.output_text.delta",
        item_id="msg_1",
        output_index=index,
        content_index=0,
        delta=text,
        logprobs=[],
    )


def reasoning_delta(text: str, index: int = 1) -> bytes:
    return event(
        "response.reasoning_summary_text.delta",
        item_id="rs_1",
        output_index=index,
        summary_index=0,
        delta=text,
    )


def function_call(call: int, name: str, arguments: str, **fields: object) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{call}",
        "call_id": call_id(call),
        "name": name,
        "arguments": arguments,
        **fields,
    }


def steps(steps: Iterable[Step]) -> Iterator[bytes]:
    """Return the events of steps; each text and each reasoning is an item of its own."""
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    for index, step in enumerate(steps, 1):
        match step:
            case Text(text):
                yield text_delta(text, index)
            case Reasoning(text):
                yield reasoning_delta(text, index)
            case CallStart(call, name):
                names[call], arguments[call] = name, ""
                yield item_added(_item_of(call), function_call(call, name, ""))
            case CallDelta(call, piece):
                arguments[call] += piece
                yield event(
                    "response.function_call_arguments.delta",
                    item_id=f"fc_{call}",
                    output_index=_item_of(call),
                    delta=piece,
                )
            case CallEnd(call):
                yield item_done(_item_of(call), function_call(call, names[call], arguments[call]))


def _item_of(call: int) -> int:
    return 1000 + call


def expected(reading: dict[str, Any]) -> dict[str, Any]:
    counts = reading["usage"] or {}
    details = counts.get("input_tokens_details") or {}
    incomplete = (reading["incomplete_details"] or {}).get("reason")
    return {
        "text": reading["text"],
        "reasoning": reading["reasoning"],
        "finish_reason": incomplete or reading["finish_reason"],
        "tool_calls": [
            (call["name"], arguments_of(call["arguments"]), call["id"])
            for call in reading["tool_calls"]
        ],
        "tokens": (
            counts.get("input_tokens"),
            counts.get("output_tokens"),
            details.get("cached_tokens"),
        ),
        "id": reading["id"],
        "model": reading["model"],
    }


OPENAI_RESPONSES = Case(
    provider=load_provider("openai_responses"),
    sdk_package="openai",
    key_variable="OPENAI_API_KEY",
    url_variable="OPENAI_BASE_URL",
    url_path="/v1",
    temperature_of=lambda body: body["temperature"],
    begin=[begun(), item_added(0, {**message(""), "content": []}), part_added()],
    text=text_delta,
    reasoning=reasoning_delta,
    end=lambda tokens_in, tokens_out: [ended(usage=usage(tokens_in, tokens_out))],
    stop="completed",
    tool_stop="completed",
    failure=event("error", code="server_is_overloaded", message="It is overloaded", param=None),
    steps=steps,
    called_plain=lambda name, arguments: response(
        [function_call(0, name, arguments, status="completed")]
    ),
    messages=list[ResponseInputItemParam | OutputMessage],
    plain=lambda text: response([message(text)]),
    client=lambda url, key, **options: sdk.OpenAI(base_url=url, api_key=key, **options),
    async_client=lambda url, key, **options: sdk.AsyncOpenAI(base_url=url, api_key=key, **options),
    timeout=lambda seconds: {"timeout": seconds},
    request_id_header="x-request-id",
    recordings=("openai", "openai-compat"),
    api="responses",
    expected=expected,
    disagree={
        "openai/responses--ai--__fixtures__--openai-reasoning-encrypted-content.1.chunks": (
            "a body of several responses, one after another: nothing follows the last event of one"
        ),
    },
)
