"""Items that have text: texts, and the ``(chunk, tool)`` items of a stream."""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias, TypeGuard, cast

from typing_extensions import TypeVar

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk

Chunk: TypeAlias = BaseCallResponseChunk[Any, Any]

TextItem: TypeAlias = str | tuple[Chunk, object]
"""A text, or an item of a stream."""

TextT = TypeVar("TextT", bound=TextItem)

CJK: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af"
)
"""The characters of scripts without spaces, each of which is a word: Chinese and Japanese."""

_WORD: Final = re.compile(rf"\s*(?:[{CJK}]|[^\s{CJK}]+)\s*|\s+")


def chunk_of(item: object) -> Chunk | None:
    """Return the chunk of an item of a stream; ``None`` for anything else."""
    return item[0] if is_item(item) else None


def is_item(item: object) -> TypeGuard[tuple[Chunk, object]]:
    """Return whether this is an item of a stream."""
    if not isinstance(item, tuple):
        return False
    first, *_ = cast("tuple[object, ...]", item) or (None,)
    return isinstance(first, BaseCallResponseChunk)


def text_of(item: object) -> str:
    """Return the text of an item.

    Raises:
        TypeError: It is of another type.
    """
    if isinstance(item, str):
        return item
    chunk = chunk_of(item)
    if chunk is not None:
        return chunk.content
    raise TypeError(
        f"expected a text or an item of a stream, not {type(item).__name__}; for the text of a "
        "structured stream, pass its attribute `stream`"
    )


def is_rich(item: TextItem) -> bool:
    """Return whether an item has more than text, which must not be delayed or come too early."""
    if isinstance(item, str):
        return False
    chunk, tool = item
    return bool(tool is not None or chunk.tool_calls)


def with_text(item: TextT, text: str, reasoning: str | None = None) -> TextT:
    """Return an item with another text, and perhaps another reasoning."""
    if isinstance(item, str):
        return cast("TextT", text)
    chunk, tool = item
    if chunk.content == text and reasoning in {None, chunk.reasoning}:
        return item
    update = {"content": text}
    if reasoning is not None:
        update["reasoning"] = reasoning
    return cast("TextT", (chunk.model_copy(update=update), tool))


_NO_CALLS: Final = {"tool_calls": (), "calls": ()}
_EMPTY: Final = {"finish_reasons": None, "tokens": None, **_NO_CALLS, "_is_split": True}


def only_text(item: TextT, text: str, reasoning: str = "") -> TextT:
    """Return an item with nothing but a text or reasoning, to precede the given one."""
    if isinstance(item, str):
        return cast("TextT", text)
    copy = item[0].model_copy(update={**_EMPTY, "content": text, "reasoning": reasoning})
    return cast("TextT", (copy, None))


def words_of(text: str) -> list[str]:
    """Return the words of a text, each with the whitespace around it."""
    return _WORD.findall(text)
