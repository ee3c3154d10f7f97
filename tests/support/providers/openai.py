"""OpenAI's Chat Completions, as the tests see them."""

from __future__ import annotations

from typing import Any

import openai as sdk
from openai.types.chat import ChatCompletionMessageParam

from mirascope.core.providers import load_provider
from mirascope.testing.conformance import CallDelta, CallStart, Reasoning, Step, Text, call_id
from support.cases import Case, arguments_of, event


def completion_chunk(
    delta: dict[str, Any] | None, finish_reason: str | None = None, **fields: object
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
    return event(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": "the-model-that-answers",
            "choices": [] if delta is None else [choice],
            **fields,
        }
    )


def usage(input_tokens: int, output_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }


def expected(reading: dict[str, Any]) -> dict[str, Any]:
    counts = reading["usage"] or {}
    details = counts.get("prompt_tokens_details") or {}
    return {
        "text": reading["text"],
        "reasoning": reading["reasoning"],
        "finish_reason": reading["finish_reason"],
        "tool_calls": [
            (call["name"], arguments_of(call["arguments"]), call["id"])
            for call in reading["tool_calls"]
        ],
        "tokens": (
            counts.get("prompt_tokens"),
            counts.get("completion_tokens"),
            details.get("cached_tokens"),
        ),
        "id": reading["id"],
        "model": reading["model"],
    }


def call_piece(index: int, **piece: Any) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, **piece}]}


def step(step: Step, reasoning: str = "reasoning_content") -> dict[str, Any] | None:
    """Return the delta of a step."""
    match step:
        case Text(text):
            return {"content": text}
        case Reasoning(text):
            return {reasoning: text}
        case CallStart(call, name):
            function = {"name": name, "arguments": ""}
            return call_piece(call, id=call_id(call), type="function", function=function)
        case CallDelta(call, arguments):
            return call_piece(call, function={"arguments": arguments})
        case _:
            return None


def called(name: str, arguments: str) -> dict[str, Any]:
    """Return the message of a plain response that calls a tool."""
    function = {"name": name, "arguments": arguments}
    calls = [{"id": call_id(0), "type": "function", "function": function}]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def completion(
    message: dict[str, Any], finish_reason: str = "stop", **choice: object
) -> dict[str, Any]:
    """Return a plain response."""
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, **choice}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "the-model-that-answers",
        "choices": [choice],
        "usage": usage(3, 2),
    }


OPENAI = Case(
    provider=load_provider("openai"),
    sdk_package="openai",
    key_variable="OPENAI_API_KEY",
    url_variable="OPENAI_BASE_URL",
    url_path="/v1",
    temperature_of=lambda body: body["temperature"],
    text=lambda text: completion_chunk({"content": text}),
    reasoning=lambda text: completion_chunk({"reasoning_content": text}),
    end=lambda tokens_in, tokens_out: [
        completion_chunk({}, "stop"),
        completion_chunk(None, usage=usage(tokens_in, tokens_out)),
        b"data: [DONE]\n\n",
    ],
    failure=event({"error": {"message": "The server is overloaded", "code": 503}}),
    steps=lambda steps: [completion_chunk(said) for each in steps if (said := step(each))],
    called_plain=lambda name, arguments: completion(
        called(name, arguments), "tool_calls", logprobs=None
    ),
    messages=list[ChatCompletionMessageParam],
    plain=lambda text: completion({"role": "assistant", "content": text}, logprobs=None),
    client=lambda url, key, **options: sdk.OpenAI(base_url=url, api_key=key, **options),
    async_client=lambda url, key, **options: sdk.AsyncOpenAI(base_url=url, api_key=key, **options),
    timeout=lambda seconds: {"timeout": seconds},
    request_id_header="x-request-id",
    recordings=("openai", "openai-compat"),
    expected=expected,
    disagree={
        "openai-compat/ai--fixtures--cererebras-structured-output-tools.1.chunks": (
            "two calls have one index and two ids: the SDK's reading glues their arguments"
        ),
    },
)
