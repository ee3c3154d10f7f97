"""What decoders have in common whose stream is one answer, in which nothing is ever held back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope.core._wire.accumulator import Keep, MessageAccumulator

if TYPE_CHECKING:
    from mirascope.core._wire.events import Record, TokenCounts


class SingleMessageDecoder:
    """Reads one stream, of one answer; see `Decoder`.

    Args:
        keep: How much of the answer to keep.
    """

    def __init__(self, *, keep: Keep = "all") -> None:
        self._keep: Keep = keep
        self._reset()

    def _reset(self) -> None:
        """Be as before the first event."""
        self.reply = MessageAccumulator(self._keep)
        self.id: str | None = None
        self.model: str | None = None
        self.tokens: TokenCounts | None = None
        self.unknown: Record | None = None
        self.done = False

    def flush(self, out: object) -> None:
        """Do nothing: no chunk is held back."""

    @property
    def is_complete(self) -> bool:
        """Whether the answer has come to its own end."""
        return self.done or self.reply.finish_reason is not None

    @property
    def finish_reasons(self) -> list[str] | None:
        """Why the generation ended, once it has."""
        return None if self.reply.finish_reason is None else [self.reply.finish_reason]
