"""Never run: pyright and mypy read here that a match of a chunk's parts is exhaustive."""

from __future__ import annotations

from typing import Any, assert_never, assert_type

from mirascope import llm
from mirascope.core import (
    AudioDelta,
    BaseCallResponseChunk,
    ChunkPart,
    Citation,
    HostedToolEvent,
    ImageDelta,
    ReasoningDelta,
    TextDelta,
    ToolDelta,
    openai,
)


@openai.call("gpt-4o-mini", stream=True)
def answer(question: str) -> str:
    return question


@llm.call("openai:gpt-4o-mini", stream=True)
async def any_answer(question: str) -> str:
    return question


def shown(part: ChunkPart) -> str:
    match part:
        case TextDelta(text) | ReasoningDelta(text):
            return assert_type(text, str)
        case ToolDelta(call_id, name, index, arguments):
            assert_type(index, int)
            return call_id + name + arguments
        case Citation(url=url, title=title):
            assert_type(url, str | None)
            return title or ""
        case ImageDelta(data=data) | AudioDelta(data=data):
            return str(len(assert_type(data, bytes)))
        case HostedToolEvent(type=kind, raw=raw):
            return kind + str(raw.get("query"))
        case _:
            assert_never(part)


def not_all(part: ChunkPart) -> str:
    match part:
        case TextDelta(text) | ReasoningDelta(text):
            return text
        case _:
            assert_never(part)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def parts_of(chunk: BaseCallResponseChunk[Any, Any]) -> list[str]:
    return [shown(part) for part in assert_type(chunk.parts, tuple[ChunkPart, ...])]


async def streams() -> None:
    for chunk, _ in answer("?"):
        assert_type(chunk.parts, tuple[ChunkPart, ...])
    async for common, _ in await any_answer("?"):
        assert_type(common.parts, tuple[ChunkPart, ...])


def frozen(part: TextDelta) -> None:
    part.text = ""  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]
