"""Cohere's Chat API, as the tests see it."""

from __future__ import annotations

from typing import Any

import cohere as sdk

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
from support.cases import Case, arguments_of, event


def said(
    kind: str, message: dict[str, Any] | None = None, index: int | None = None, **fields: object
) -> bytes:
    """Return an event whose delta is about the message."""
    data: dict[str, Any] = {"type": kind, **fields}
    if index is not None:
        data["index"] = index
    if message is not None:
        data["delta"] = {"message": message}
    return event(data, name=kind)


def content(index: int = 0, **fields: str) -> bytes:
    return said("content-delta", {"content": fields}, index)


def usage(input_tokens: int, output_tokens: int) -> dict[str, Any]:
    return {
        "billed_units": {"input_tokens": 1.0, "output_tokens": 1.0},
        "tokens": {"input_tokens": float(input_tokens), "output_tokens": float(output_tokens)},
    }


def ended(finish_reason: str | None = "COMPLETE", **fields: object) -> bytes:
    return said("message-end", delta={"finish_reason": finish_reason, **fields})


START = said(
    "message-start",
    {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []},
    id="reply-1",
)
DONE = b"data: [DONE]\n\n"


def expected(reading: dict[str, Any]) -> dict[str, Any]:
    counts = reading["usage"] or {}
    tokens = counts.get("tokens") or {}
    return {
        "text": reading["text"],
        "reasoning": reading["reasoning"] + reading["tool_plan"],
        "finish_reason": reading["finish_reason"],
        "tool_calls": [
            (call["name"], arguments_of(call["arguments"]), call["id"])
            for call in reading["tool_calls"]
        ],
        "tokens": (
            tokens.get("input_tokens"),
            tokens.get("output_tokens"),
            counts.get("cached_tokens"),
        ),
        "id": reading["id"],
        "model": "requested-model",
    }


def step(step: Step) -> bytes:
    """Return the event of a step."""
    match step:
        case Text(text):
            return content(text=text)
        case Reasoning(text):
            return content(1, thinking=text)
        case CallStart(call, name):
            function = {"name": name, "arguments": ""}
            calls = {"id": call_id(call), "type": "function", "function": function}
            return said("tool-call-start", {"tool_calls": calls}, call)
        case CallDelta(call, arguments):
            calls = {"function": {"arguments": arguments}}
            return said("tool-call-delta", {"tool_calls": calls}, call)
        case CallEnd(call):
            return said("tool-call-end", index=call)


def response_of(message: dict[str, Any], finish_reason: str) -> dict[str, Any]:
    """Return a plain response."""
    reported = {"role": "assistant", **message}
    return {
        "id": "reply-1",
        "finish_reason": finish_reason,
        "message": reported,
        "usage": usage(3, 2),
    }


COHERE = Case(
    provider=load_provider("cohere"),
    sdk_package="cohere",
    key_variable="CO_API_KEY",
    url_variable="CO_API_URL",
    temperature_of=lambda body: body["temperature"],
    text=lambda text: content(text=text),
    reasoning=lambda text: content(1, thinking=text),
    begin=[START, said("content-start", {"content": {"type": "text", "text": ""}}, 0)],
    end=lambda tokens_in, tokens_out: [
        said("content-end", index=0),
        ended(usage=usage(tokens_in, tokens_out)),
        DONE,
    ],
    stop="COMPLETE",
    failure=ended("TIMEOUT", error="The server is overloaded", usage={}),
    failure_status=504,
    steps=lambda steps: [step(each) for each in steps],
    tool_stop="TOOL_CALL",
    called_plain=lambda name, arguments: response_of(
        {
            "tool_calls": [
                {
                    "id": call_id(0),
                    "type": "function",
                    "function": {"name": name, "arguments": arguments},
                }
            ]
        },
        "TOOL_CALL",
    ),
    messages=list[sdk.ChatMessageV2],
    plain=lambda text: response_of({"content": [{"type": "text", "text": text}]}, "COMPLETE"),
    model=None,
    client=lambda url, key, **options: sdk.ClientV2(base_url=url, api_key=key, **options),
    async_client=lambda url, key, **options: sdk.AsyncClientV2(
        base_url=url, api_key=key, **options
    ),
    timeout=lambda seconds: {"request_options": {"timeout_in_seconds": seconds}},
    error_body=lambda message: {"id": "request-1", "message": message},
    recordings=("cohere",),
    api="v2",
    expected=expected,
    disagree=dict.fromkeys(
        (
            "cohere/langchain-cohere--cassettes--test_sql_agent",
            "cohere/langchain-cohere--cassettes--test_sql_agent-1",
        ),
        "the answer ends in the finish reason ERROR: an error, not an answer (test_cohere.py)",
    ),
)
