"""Classes that are the common form of a provider's object, and hold that object.

Such a class inherits what is common to all providers, so that type checkers know it and
``isinstance`` holds, but it has no state of its own: whatever it does not say itself, it lets the
object say that it holds, what only that provider has included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Generic, NoReturn

from typing_extensions import TypeVar

T = TypeVar("T")


def delegating(to: str, *, common: Iterable[str] = ()) -> Callable[[type[T]], type[T]]:
    """Let a class delegate what it inherits and does not define.

    Args:
        to: The attribute with the object to delegate to.
        common: Attributes whose common form that object has as ``common_...``.
    """

    def decorate(kind: type[T]) -> type[T]:
        inherited = set(dir(kind)) - vars(kind).keys() - set(dir(Generic))
        for name in {name for name in inherited if not name.startswith("__")}.union(common):
            said = f"common_{name}" if name in common else name
            setattr(kind, name, property(attrgetter(f"{to}.{said}")))
        kind.__getattr__ = other  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]
        return kind

    def other(self: object, name: str) -> object:
        if name == to or name.startswith("__"):
            _lacking(self, name)
        return getattr(getattr(self, to), name)

    return decorate


def _lacking(owner: object, name: str) -> NoReturn:
    raise AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}")
