"""The providers as the tests see them: how each says things on the wire.

One test body serves all of them, and both drivers. A provider is a `Case`; a `Driver` makes a
prompt function sync or async and reads its stream.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anyio
import openai as openai_sdk

from mirascope.core import openai, prompt_template


@dataclass(frozen=True, kw_only=True)
class Case:
    """A provider."""

    name: str
    call: Callable[..., Any]
    sdk_error: type[Exception]
    key_variable: str
    url_variable: str
    url_path: str
    text: Callable[[str], bytes]
    reasoning: Callable[[str], bytes]
    end: Callable[[str, int, int], list[bytes]]
    """Finish reason, input tokens and output tokens: the events after the last text."""
    failure: bytes
    plain: Callable[[str], dict[str, Any]]
    client: Callable[..., Any]
    async_client: Callable[..., Any]

    def answer(self, *texts: str) -> list[bytes]:
        """Return the events of a whole answer."""
        return [*map(self.text, texts), *self.end("stop", 3, 2)]


def event(data: object) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


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


def _usage(input_tokens: int, output_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }


OPENAI = Case(
    name="openai",
    call=openai.call,
    sdk_error=openai_sdk.OpenAIError,
    key_variable="OPENAI_API_KEY",
    url_variable="OPENAI_BASE_URL",
    url_path="/v1",
    text=lambda text: completion_chunk({"content": text}),
    reasoning=lambda text: completion_chunk({"reasoning_content": text}),
    end=lambda reason, tokens_in, tokens_out: [
        completion_chunk({}, reason),
        completion_chunk(None, usage=_usage(tokens_in, tokens_out)),
        b"data: [DONE]\n\n",
    ],
    failure=event({"error": {"message": "The server is overloaded", "code": 503}}),
    plain=lambda text: {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "the-model-that-answers",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": _usage(3, 2),
    },
    client=openai_sdk.OpenAI,
    async_client=openai_sdk.AsyncOpenAI,
)

CASES = [OPENAI]


@dataclass(frozen=True)
class Driver:
    """Sync or async."""

    asynchronous: bool

    def function(self, case: Case, *, stream: bool = True, **options: Any) -> Callable[[str], Any]:
        """Return a decorated prompt function."""
        decorate = case.call("asked-for", stream=stream, **options)
        template = prompt_template("Recommend a {genre} book")
        if self.asynchronous:

            async def arecommend(genre: str) -> None: ...

            return decorate(template(arecommend))

        def recommend(genre: str) -> None: ...

        return decorate(template(recommend))

    def ask(self, function: Callable[[str], Any]) -> Any:
        """Return a prompt function's stream or response."""
        return anyio.run(function, "fantasy") if self.asynchronous else function("fantasy")

    def read(self, stream: Any) -> list[tuple[Any, Any]]:
        """Iterate a stream to its end."""

        async def read_async() -> list[tuple[Any, Any]]:
            return [item async for item in stream]

        return anyio.run(read_async) if self.asynchronous else list(stream)

    def both(self, function: Callable[[str], Any]) -> tuple[Any, list[tuple[Any, Any]]]:
        """Ask and read, in one event loop; return the stream and its items."""

        async def ask_and_read() -> tuple[Any, list[tuple[Any, Any]]]:
            stream = await function("fantasy")
            return stream, [item async for item in stream]

        if self.asynchronous:
            return anyio.run(ask_and_read)
        stream = function("fantasy")
        return stream, list(stream)

    def run(self, body: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run a coroutine."""
        return anyio.run(body)
