"""The provider-agnostic chunk of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._types import FinishReason, Usage
from mirascope.core._wire.events import Record
from mirascope.llm._delegating import delegating


@delegating("_response", common=("finish_reasons",))
class CallResponseChunk(BaseCallResponseChunk[BaseModel, FinishReason]):
    """One chunk of a stream, in a form that is the same for all providers.

    ``chunk.content`` is its text. Its finish reasons and its usage are normalized. Every other
    attribute is that of the provider's chunk.

    Args:
        response: The provider's chunk.
    """

    __slots__ = ("_response",)

    def __init__(self, response: BaseCallResponseChunk[Any, Any]) -> None:
        self._response = response

    @property
    @override
    def usage(self) -> Usage | None:
        """The token counts so far; ``None`` if this chunk does not report them."""
        return self._response.common_usage

    @override
    def model_copy(
        self, *, update: Mapping[str, object] | None = None, deep: bool = False
    ) -> CallResponseChunk:
        """Return a copy, which wraps a copy of the provider's chunk."""
        return CallResponseChunk(self._response.model_copy(update=update, deep=deep))

    @override
    def _read(self, record: Record) -> None:
        raise NotImplementedError(
            "a provider-agnostic chunk wraps a provider's chunk: pass it as `response`"
        )

    def __reduce__(self) -> tuple[type[CallResponseChunk], tuple[object]]:
        return type(self), (self._response,)
