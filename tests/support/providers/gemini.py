"""Gemini's generateContent, as the tests see it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx2
from google import genai
from google.genai.types import Content, HttpOptions, HttpRetryOptions

from mirascope.core.providers import load_provider
from mirascope.testing.conformance import Reasoning, Text, WholeCall, call_id, with_whole_calls
from support.cases import Case, arguments_of, event

HEADER = {"modelVersion": "the-model-that-answers", "responseId": "response-1"}


def parts(*parts: dict[str, Any], **candidate: object) -> bytes:
    """Return the event of a candidate's parts."""
    content = {"parts": list(parts), "role": "model"}
    return event({"candidates": [{"content": content, "index": 0, **candidate}], **HEADER})


def usage(input_tokens: int, output_tokens: int) -> dict[str, int]:
    return {
        "promptTokenCount": input_tokens,
        "candidatesTokenCount": output_tokens,
        "totalTokenCount": input_tokens + output_tokens,
    }


def added(*counts: int | None) -> int | None:
    reported = [count for count in counts if count is not None]
    return sum(reported) if reported else None


def expected(reading: dict[str, Any]) -> dict[str, Any]:
    counts = reading["usage"] or {}
    return {
        "text": reading["text"],
        "reasoning": reading["reasoning"],
        "finish_reason": reading["finish_reason"],
        "tool_calls": [
            (call["name"] or "", arguments_of(call["arguments"]) or {}, call["id"])
            for call in reading["tool_calls"]
        ],
        "tokens": (
            added(counts.get("prompt_token_count"), counts.get("tool_use_prompt_token_count")),
            added(counts.get("candidates_token_count"), counts.get("thoughts_token_count")),
            counts.get("cached_content_token_count"),
        ),
        "id": reading["id"],
        "model": reading["model"] or "requested-model",
    }


def step(step: Text | Reasoning | WholeCall) -> bytes:
    """Return the event of a step."""
    match step:
        case Text(text):
            return parts({"text": text})
        case Reasoning(text):
            return parts({"text": text, "thought": True})
        case WholeCall(call, name, arguments):
            reported = {"id": call_id(call), "name": name, "args": json.loads(arguments or "{}")}
            return parts({"functionCall": reported})


def response_of(*parts: dict[str, Any]) -> dict[str, Any]:
    """Return a plain response."""
    content = {"parts": list(parts), "role": "model"}
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage(3, 2), **HEADER}


@contextmanager
def client(url: str, key: str, **options: Any) -> Iterator[genai.Client]:
    with genai.Client(api_key=key, http_options=HttpOptions(base_url=url, **options)) as made:
        yield made


@asynccontextmanager
async def async_client(url: str, key: str, **options: Any) -> AsyncIterator[genai.Client]:
    async with httpx2.AsyncClient() as http:  # on aiohttp, which is its default, the SDK warns
        theirs = HttpOptions(base_url=url, httpx_async_client=http, **options)
        yield genai.Client(api_key=key, http_options=theirs)


CUT_OFF = "there is no finish reason: the answer is cut off, which the SDK does not tell"
AI = "gemini/ai--__fixtures__--google-"
FIREBASE = "gemini/vertexai-sdk-test-data--vertexai--streaming-"

GEMINI = Case(
    provider=load_provider("gemini"),
    sdk_package="google.genai",
    key_variable="GEMINI_API_KEY",
    url_variable="GOOGLE_GEMINI_BASE_URL",
    key_of=lambda request: request.headers["x-goog-api-key"],
    temperature_of=lambda body: body["generationConfig"]["temperature"],
    text=lambda text: parts({"text": text}),
    reasoning=lambda text: parts({"text": text, "thought": True}),
    end=lambda tokens_in, tokens_out: [
        event(
            {
                "candidates": [{"finishReason": "STOP", "index": 0}],
                "usageMetadata": usage(tokens_in, tokens_out),
                **HEADER,
            }
        )
    ],
    stop="STOP",
    last_event=False,
    failure=event(
        {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    ),
    steps=lambda steps: [step(each) for each in with_whole_calls(steps)],
    tool_stop="STOP",
    whole_calls=True,
    called_plain=lambda name, arguments: response_of(
        {"functionCall": {"id": call_id(0), "name": name, "args": json.loads(arguments or "{}")}}
    ),
    messages=list[Content],
    plain=lambda text: response_of({"text": text}),
    comparable=lambda response: response.model_copy(update={"sdk_http_response": None}),
    client=client,
    async_client=async_client,
    retrying={
        "retry_options": HttpRetryOptions(attempts=3, initial_delay=0, max_delay=0, jitter=0)
    },
    timeout=lambda seconds: {"http_options": {"timeout": round(seconds * 1000)}},
    error_body=lambda message: {"error": {"message": message, "status": "NO"}},
    recordings=("gemini",),
    expected=expected,
    disagree={
        **dict.fromkeys(
            (
                f"{AI}stream-no-args-tool-call.chunks",
                f"{AI}stream-tool-call-arguments.chunks",
                f"{AI}vertex-stream-tool-call-arguments-nested.1.chunks",
            ),
            "the SDK does not put the pieces of a call together (test_gemini.py)",
        ),
        **dict.fromkeys(
            (
                "gemini/llm-gemini--test_gemini--test_nested_model_direct_reference",
                "gemini/llm-gemini--test_gemini--test_nested_model_optional",
            ),
            "the body is an array of records, at which the SDK fails (test_unstreamed.py)",
        ),
        f"{AI}live-speech-translation.chunks": CUT_OFF,
        f"{FIREBASE}failure-empty-content": CUT_OFF,
        f"{FIREBASE}failure-malformed-content": CUT_OFF,
        f"{FIREBASE}success-quotes-escaped": CUT_OFF,
    },
)
