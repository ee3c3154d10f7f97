"""Groq's Chat Completions, as the tests see them."""

from __future__ import annotations

import groq as sdk
from groq.types.chat import ChatCompletionMessageParam

from mirascope.core.providers import load_provider
from support.cases import Case, event
from support.providers.openai import called, completion, completion_chunk, expected, step, usage

GROQ = Case(
    provider=load_provider("groq"),
    sdk_package="groq",
    key_variable="GROQ_API_KEY",
    url_variable="GROQ_BASE_URL",
    temperature_of=lambda body: body["temperature"],
    text=lambda text: completion_chunk({"content": text}),
    reasoning=lambda text: completion_chunk({"reasoning": text, "channel": "analysis"}),
    begin=[
        completion_chunk({"role": "assistant", "content": ""}, x_groq={"id": "req_1", "seed": 7})
    ],
    end=lambda tokens_in, tokens_out: [
        completion_chunk({}, "stop", x_groq={"id": "req_1", "usage": usage(tokens_in, tokens_out)}),
        completion_chunk(None, usage=usage(tokens_in, tokens_out), service_tier="on_demand"),
        b"data: [DONE]\n\n",
    ],
    failure=event({"error": {"message": "It is overloaded", "status_code": 503}}, "error"),
    steps=lambda steps: [
        completion_chunk(said) for each in steps if (said := step(each, "reasoning"))
    ],
    called_plain=lambda name, arguments: completion(
        called(name, arguments), "tool_calls", logprobs=None
    ),
    messages=list[ChatCompletionMessageParam],
    plain=lambda text: {
        **completion({"role": "assistant", "content": text}, logprobs=None),
        "service_tier": "on_demand",
        "x_groq": {"id": "req_1", "seed": 7},
    },
    client=lambda url, key, **options: sdk.Groq(base_url=url, api_key=key, **options),
    async_client=lambda url, key, **options: sdk.AsyncGroq(base_url=url, api_key=key, **options),
    timeout=lambda seconds: {"timeout": seconds},
    request_id_header="x-request-id",
    recordings=("groq",),
    expected=expected,
)
