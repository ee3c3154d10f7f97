"""Chunks of a stream: the decoded content of one event, and the SDK's object for it."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Generic, Self, TypeAlias, cast

from pydantic import BaseModel, ValidationError
from typing_extensions import TypeVar, override

from mirascope.core._responses.chunk_parts import ReasoningDelta, TextDelta, tool_deltas
from mirascope.core._responses.response_metadata import ResponseMetadata
from mirascope.core._responses.serialization import DUMPED, Serializable
from mirascope.core._wire.events import Delta, FinishT
from mirascope.core._wire.json_fields import fields, text
from mirascope.core._wire.json_text import from_bytes
from mirascope.core._wire.sdk_models import to_builtins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mirascope.core._responses.chunk_parts import ChunkPart
    from mirascope.core._types import FinishReason
    from mirascope.core._wire.events import JSON, Record, TokenCounts

SDKObject: TypeAlias = BaseModel | Mapping[str, object]
"""An object of an SDK: a model, or a typed dictionary."""

RawT = TypeVar("RawT", bound=SDKObject, default=BaseModel, covariant=True)  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'

_EMPTY: Final = {"content": "", "reasoning": "", "tool_calls": (), "_is_split": True}


def record_of(raw: object) -> Record:
    """Return the provider's JSON for an SDK object; of anything else, an empty object."""
    return fields(to_builtins(raw, mode="json", by_alias=True, exclude_unset=True))


class BaseCallResponseChunk(ResponseMetadata, Serializable, Delta[FinishT], Generic[RawT, FinishT]):
    """A chunk of a stream, made of one event; ``str(chunk)`` is its text.

    It has ``content``, ``reasoning``, ``finish_reasons``, ``id``, ``model`` and token counts.
    ``chunk`` is the SDK's typed object, which is built on first access. `parts` has all content by
    type.

    Args:
        chunk: The SDK's object. Streams create their chunks from bytes instead.
    """

    __slots__ = ("_is_split", "_raw", "_usage")
    __match_args__ = ("content",)

    _raw_type: ClassVar[type[BaseModel]]
    _raw_types: ClassVar[Mapping[str, type[BaseModel]]] = {}
    """The SDK's classes by the event's ``type``; `_raw_type` is the class of other types."""

    _dumped = ("chunk", *DUMPED)

    _raw: SDKObject | bytes
    _usage: dict[str, JSON] | None
    """The provider's usage object as JSON, where a chunk keeps it."""
    _is_split: bool
    """Set on a copy with some of an event's text only: other parts are those of another copy."""

    @property
    @abstractmethod
    def usage(self) -> SDKObject | None:
        """The provider's own usage object; ``None`` if this event does not report it."""

    def __init__(self, chunk: RawT) -> None:
        self._raw = chunk
        self._read(record_of(chunk))

    @classmethod
    def from_record(cls, record: Record, raw: SDKObject | bytes) -> Self:
        """Return the chunk for a decoded event, with the event's bytes or the SDK's object."""
        self = cls.__new__(cls)
        self._raw = raw
        self._read(record)
        return self

    @classmethod
    def of_text(
        cls,
        text: str,
        raw: SDKObject | bytes,
        response_id: str | None = None,
        model: str | None = None,
    ) -> Self:
        """Return the chunk of an event that has nothing but a text."""
        self = cls.__new__(cls)
        self._raw, self.content, self.id, self.model = raw, text, response_id, model
        self.reasoning = ""
        self.finish_reasons = self.tokens = self._usage = None
        self.tool_calls = ()
        return self

    def empty_copy(self) -> Self:
        """Return a chunk of the same event without content, for an item with a further tool."""
        return self.model_copy(update=_EMPTY)

    @abstractmethod
    def _read(self, record: Record) -> None:
        """Set the attributes of a delta from the provider's JSON."""

    @property
    def is_output(self) -> bool:
        """Whether the chunk has output that a user sees."""
        if self.content or self.reasoning or self.tool_calls:
            return True
        return self._has_other_output()

    def _has_other_output(self) -> bool:
        """Return whether it has output of a kind that only this provider has."""
        return False

    @property
    def parts(self) -> tuple[ChunkPart, ...]:
        """The content by type, the same for all providers; ``()`` if there is none.

        The order is: reasoning, text, tool calls, and then everything else: citations, images,
        audio, events of hosted tools. The parts are made when you read this.
        """
        found: list[ChunkPart] = []
        if self.reasoning:
            found.append(ReasoningDelta(self.reasoning))
        if self.content:
            found.append(TextDelta(self.content))
        if self.tool_calls:
            found += tool_deltas(self.tool_calls, getattr(self, "calls", ()))
        if not hasattr(self, "_is_split"):
            found += self._other_parts(fields(self._record))
        return tuple(found)

    def _other_parts(self, record: Record) -> Iterable[ChunkPart]:  # noqa: ARG002
        """Return the parts of the event that are neither text, reasoning nor tool calls."""
        return ()

    @property
    def _record(self) -> JSON:
        """The event's JSON."""
        raw = self._raw
        return from_bytes(raw) if isinstance(raw, bytes) else dict(record_of(raw))

    @property
    def chunk(self) -> RawT:
        """The SDK's typed object for this event."""
        if isinstance(self._raw, bytes):
            self._raw = self._build(self._raw)
        return cast("RawT", self._raw)

    @classmethod
    def _build(cls, data: bytes) -> RawT:
        """Build the SDK's object for an event.

        pydantic's validation is many times faster than the SDKs' construction, but stricter. An
        event that it rejects (missing fields, other types, lone surrogates) is constructed as the
        SDK does it.
        """
        raw_type = cls._type_of(data)
        try:
            built = raw_type.model_validate_json(data, strict=True)
        except ValidationError:
            built = raw_type.model_construct(None, **json.loads(data))
        return cast("RawT", built)

    @classmethod
    def _type_of(cls, data: bytes) -> type[BaseModel]:
        kind = text(fields(json.loads(data)).get("type")) if cls._raw_types else ""
        return cls._raw_types.get(kind, cls._raw_type)

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return self.tokens

    @property
    def common_finish_reasons(self) -> list[FinishReason] | None:
        """``"stop"``, ``"length"``, ``"tool_calls"`` or ``"content_filter"``, for every provider.

        ``None`` for any other reason, and if the response has not ended.
        """
        return self._normalized_reasons(self.finish_reasons)

    def __str__(self) -> str:
        return self.content

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(content={self.content!r}, "
            f"finish_reasons={self.finish_reasons!r}, model={self.model!r})"
        )
