"""What shows a response: part by part, whatever a part is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, Literal, TypeAlias, TypeVar

from mirascope.show._parts import Part, Parts
from mirascope.show._status import Status

Reasoning: TypeAlias = Literal["dim", "fold"]
"""How reasoning is shown: as text, or as one line with its length."""

OutT = TypeVar("OutT")


class View(ABC):
    """Shows the parts of a response.

    Attributes:
        pause: Seconds between two drawings; 0 to draw every item.
        in_thread: Whether another thread may draw than the one that reads.
    """

    pause = 1 / 15
    in_thread = True

    @abstractmethod
    def draw(self, status: Status) -> None:
        """Show what was received."""

    @abstractmethod
    def finish(self, status: Status) -> None:
        """Show all of it, once the stream has ended."""


class PartView(ABC, Generic[OutT]):
    """Shows one part, as a sequence of something: lines, or pieces of HTML."""

    def advance(self) -> list[OutT]:
        """Read what the part has received; return what is final."""
        return []

    @abstractmethod
    def live(self) -> list[OutT]:
        """Return what may change."""

    @abstractmethod
    def finish(self) -> list[OutT]:
        """Return what is left of a complete part."""


class PartViews(Generic[OutT]):
    """Shows all parts, in their order.

    Args:
        parts: The response.
        view: Returns the view of a part.
        gap: What is between two parts.
    """

    def __init__(
        self, parts: Parts, view: Callable[[Part], PartView[OutT]], gap: Sequence[OutT] = ()
    ) -> None:
        self._parts = parts
        self._view = view
        self._between = list(gap)
        self._gap: list[OutT] = []
        self._open: list[tuple[Part, PartView[OutT]]] = []
        self._viewed = 0
        self._in_part = False

    def final(self) -> list[OutT]:
        """Return what is now final: all before the first part that is open, and some of that."""
        received = self._parts.all
        while self._viewed < len(received):
            part = received[self._viewed]
            self._open.append((part, self._view(part)))
            self._viewed += 1
        final: list[OutT] = []
        while self._open:
            part, view = self._open[0]
            is_complete = part.is_complete  # before its last delta is taken
            if out := view.finish() if is_complete else view.advance():
                final += out if self._in_part else [*self._gap, *out]
                self._in_part = True
            if not is_complete:
                break
            self._open.pop(0)
            self._gap = self._between if self._in_part else self._gap
            self._in_part = False
        return final

    def live(self) -> list[OutT]:
        """Return what may change."""
        live: list[OutT] = []
        gap = [] if self._in_part else self._gap
        for _, view in self._open:
            if out := view.live():
                live += [*gap, *out]
                gap = self._between
        return live

    @property
    def has_shown(self) -> bool:
        """Whether anything is final."""
        return self._in_part or bool(self._gap)
