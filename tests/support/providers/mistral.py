"""Mistral's Chat Completions, as the tests see them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx2
from mistralai.client import Mistral
from mistralai.client.models import ChatCompletionRequestMessage
from mistralai.client.utils import BackoffStrategy, RetryConfig

from mirascope.core.providers import load_provider
from mirascope.testing.conformance import Reasoning, Text, WholeCall, call_id, with_whole_calls
from support.cases import Case, event
from support.providers.openai import called, completion, expected, usage


def completion_chunk(
    delta: dict[str, Any], finish_reason: str | None = None, **fields: object
) -> bytes:
    return event(
        {
            "id": "cmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": "the-model-that-answers",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
            "p": "abcdefgh",
            **fields,
        }
    )


def thinking(text: str, **fields: object) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}], **fields}


def failed(message: str, status: int) -> dict[str, Any]:
    """Return the API's error body; its code is not the HTTP status."""
    return {
        "object": "error",
        "message": message,
        "type": "service_unavailable",
        "param": None,
        "code": "3505",
        "raw_status_code": status,
    }


@contextmanager
def client(url: str, key: str, **options: Any) -> Iterator[Mistral]:
    with httpx2.Client() as http:
        unused = httpx2.AsyncClient()
        yield Mistral(server_url=url, api_key=key, client=http, async_client=unused, **options)


@asynccontextmanager
async def async_client(url: str, key: str, **options: Any) -> AsyncIterator[Mistral]:
    async with httpx2.AsyncClient() as http:
        unused = httpx2.Client()
        yield Mistral(server_url=url, api_key=key, client=unused, async_client=http, **options)


def step(step: Text | Reasoning | WholeCall) -> dict[str, Any]:
    """Return the delta of a step."""
    match step:
        case Text(text):
            return {"content": text}
        case Reasoning(text):
            return {"content": [thinking(text)]}
        case WholeCall(call, name, arguments):
            function = {"name": name, "arguments": arguments}
            return {"tool_calls": [{"index": call, "id": call_id(call), "function": function}]}


MISTRAL = Case(
    provider=load_provider("mistral"),
    sdk_package="mistralai.client",
    key_variable="MISTRAL_API_KEY",
    url_variable="MISTRAL_BASE_URL",
    temperature_of=lambda body: body["temperature"],
    text=lambda text: completion_chunk({"content": text}),
    reasoning=lambda text: completion_chunk({"content": [thinking(text)]}),
    begin=[completion_chunk({"role": "assistant", "content": ""})],
    end=lambda tokens_in, tokens_out: [
        completion_chunk({"content": ""}, "stop", usage=usage(tokens_in, tokens_out)),
        b"data: [DONE]\n\n",
    ],
    failure=event(failed("The service is overloaded", 503)),
    steps=lambda steps: [completion_chunk(step(each)) for each in with_whole_calls(steps)],
    whole_calls=True,
    called_plain=lambda name, arguments: {
        **completion(called(name, arguments), "tool_calls"),
        "id": "cmpl-1",
    },
    messages=list[ChatCompletionRequestMessage],
    plain=lambda text: {
        **completion({"role": "assistant", "tool_calls": None, "content": text}),
        "id": "cmpl-1",
    },
    client=client,
    async_client=async_client,
    retrying={
        "retry_config": RetryConfig(
            "backoff", BackoffStrategy(1, 1, 1.0, 60_000), retry_connection_errors=True
        )
    },
    timeout=lambda seconds: {"timeout_ms": round(seconds * 1000)},
    error_body=lambda message: failed(message, 400),
    recordings=("mistral",),
    expected=expected,
)
