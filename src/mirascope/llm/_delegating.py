"""Provider-agnostic classes that wrap a provider's object.

Such a class inherits from the base class of all providers, so that type checkers and ``isinstance``
know it, but it has no state of its own: attributes that it does not define are those of the wrapped
object, including the ones that only this provider has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import getattr_static, isroutine
from operator import attrgetter
from typing import Generic, NoReturn

from typing_extensions import TypeVar

T = TypeVar("T")


def delegating(to: str, *, common: Iterable[str] = ()) -> Callable[[type[T]], type[T]]:
    """Let a class delegate what it inherits and does not define.

    Args:
        to: The attribute with the wrapped object.
        common: Attributes whose normalized form the wrapped object has as ``common_...``.
    """

    def decorate(kind: type[T]) -> type[T]:
        inherited = set(dir(kind)) - vars(kind).keys() - set(dir(Generic))
        for name in {name for name in inherited if not name.startswith("__")}.union(common):
            source = f"common_{name}" if name in common else name
            doc = _doc(getattr_static(kind, source, None)) or f"See `{kind.__mro__[1].__name__}`."
            setattr(kind, name, property(attrgetter(f"{to}.{source}"), doc=doc))
        kind.__getattr__ = get_wrapped  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]
        return kind

    def get_wrapped(self: object, name: str) -> object:
        if name == to or name.startswith("__"):
            _raise_missing(self, name)
        return getattr(getattr(self, to), name)

    return decorate


def _doc(attribute: object) -> str | None:
    """Return the docstring of a method or a property; ``None`` for a plain value."""
    documented = isinstance(attribute, property) or isroutine(attribute)
    return attribute.__doc__ if documented else None


def _raise_missing(owner: object, name: str) -> NoReturn:
    raise AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}")
