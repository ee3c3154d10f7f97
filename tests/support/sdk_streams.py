"""Each SDK's own stream, requested and read as its documentation does it.

An `SDKStream` has items like ours, so that whatever reads or leaves one of our streams can do the
same to an SDK's. It adds nothing that would change how that ends: no generator is put around it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Self

ASKED = "requested-model"
MESSAGES = [{"role": "user", "content": "Recommend a fantasy book"}]


@dataclass(frozen=True)
class SDK:
    """An SDK.

    Attributes:
        distribution: The name of its package.
        ask: Asks for a stream, given a client and options.
        aask: Its async twin; what it returns may have to be awaited.
        text: Returns the text of an item, if it has some.
    """

    distribution: str
    ask: Callable[..., Any]
    aask: Callable[..., Any]
    text: Callable[[Any], str | None]

    def stream(self, client: Any, *, held: bool, **options: Any) -> SDKStream:
        """Ask for a stream."""
        return SDKStream(self.ask(client, **options), self.text, held=held)

    async def astream(self, client: Any, *, held: bool, **options: Any) -> SDKStream:
        """Ask for an async stream."""
        asked = self.aask(client, **options)
        stream = await asked if inspect.isawaitable(asked) else asked
        return SDKStream(stream, self.text, held=held)


class LackingError(Exception):
    """An SDK's stream has no such thing."""


class SDKStream:
    """A stream of an SDK.

    Args:
        stream: What the SDK returned.
        text: Returns the text of an item, if it has some.
        held: Whether a reference to it is kept while it is read, as a variable would.

    Attributes:
        content: The text that was read so far.
    """

    def __init__(self, stream: Any, text: Callable[[Any], str | None], *, held: bool) -> None:
        self.content = ""
        self._stream = stream
        self._text = text
        self._held = held

    def __iter__(self) -> _Items:
        return _Items(iter(self._let_go()), self._read)

    def __aiter__(self) -> _AsyncItems:
        return _AsyncItems(aiter(self._let_go()), self._read)

    def __enter__(self) -> Self:
        self._has("__enter__", "with").__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.__exit__(*error)

    async def __aenter__(self) -> Self:
        await self._has("__aenter__", "async with").__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stream.__aexit__(*error)

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await (self._stream.aclose if hasattr(self._stream, "aclose") else self._stream.close)()

    def _has(self, method: str, says: str) -> Any:
        if not hasattr(self._stream, method):
            raise LackingError(says)
        return self._stream

    def _let_go(self) -> Any:
        stream = self._stream
        if not self._held:
            self._stream = None
        return stream

    def _read(self, item: Any) -> tuple[SimpleNamespace, None]:
        text = self._text(item) or ""
        self.content += text
        return SimpleNamespace(content=text), None


class _Items:
    def __init__(self, items: Any, read: Callable[[Any], Any]) -> None:
        self._items, self._read = items, read

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        return self._read(next(self._items))


class _AsyncItems:
    def __init__(self, items: Any, read: Callable[[Any], Any]) -> None:
        self._items, self._read = items, read

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return self._read(await anext(self._items))


def _of_a_choice(chunk: Any) -> str | None:
    return chunk.choices[0].delta.content if chunk.choices else None


def _ask_for_completions(client: Any, **options: Any) -> Any:
    return client.chat.completions.create(model=ASKED, messages=MESSAGES, stream=True, **options)


def _ask_anthropic(client: Any, **options: Any) -> Any:
    return client.messages.create(
        model=ASKED, max_tokens=100, messages=MESSAGES, stream=True, **options
    )


def _ask_cohere(client: Any, **options: Any) -> Any:
    return client.chat_stream(model=ASKED, messages=MESSAGES, **options)


def _ask_for_responses(client: Any, **options: Any) -> Any:
    return client.responses.create(model=ASKED, input=MESSAGES, stream=True, **options)


SDKS = {
    "anthropic": SDK(
        "anthropic",
        _ask_anthropic,
        _ask_anthropic,
        lambda event: getattr(event.delta, "text", None) if "delta" in event.type else None,
    ),
    "cohere": SDK(
        "cohere",
        _ask_cohere,
        _ask_cohere,
        lambda event: event.delta.message.content.text if event.type == "content-delta" else None,
    ),
    "gemini": SDK(
        "google-genai",
        lambda client, **options: client.models.generate_content_stream(
            model=ASKED, contents="Recommend a fantasy book", config=options
        ),
        lambda client, **options: client.aio.models.generate_content_stream(
            model=ASKED, contents="Recommend a fantasy book", config=options
        ),
        lambda chunk: chunk.text,
    ),
    "groq": SDK("groq", _ask_for_completions, _ask_for_completions, _of_a_choice),
    "mistral": SDK(
        "mistralai",
        lambda client, **options: client.chat.stream(model=ASKED, messages=MESSAGES, **options),
        lambda client, **options: client.chat.stream_async(
            model=ASKED, messages=MESSAGES, **options
        ),
        lambda event: _of_a_choice(event.data),
    ),
    "openai": SDK("openai", _ask_for_completions, _ask_for_completions, _of_a_choice),
    "openai_responses": SDK(
        "openai",
        _ask_for_responses,
        _ask_for_responses,
        lambda event: event.delta if event.type == "response.output_text.delta" else None,
    ),
}
