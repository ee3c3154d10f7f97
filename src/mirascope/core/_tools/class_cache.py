"""A cache on a class or function, which lives as long as that."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, cast

from typing_extensions import TypeVar, override

T = TypeVar("T")

_ATTRIBUTE: Final = "__mirascope_cache__"


class _Cache(dict[Hashable, T]):
    """Values by key; it is pickled as an empty one where its owner is pickled by value."""

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return _Cache, ()


def cached_on(owner: object, key: Hashable, make: Callable[[], T]) -> T:
    """Return the value that an owner's cache has for a key, made on first use.

    An owner without settable attributes, such as a method or a builtin, has no cache.
    """
    try:
        cache = cast("_Cache[T] | None", vars(owner).get(_ATTRIBUTE))
        if cache is None:
            cache = _Cache[T]()
            setattr(owner, _ATTRIBUTE, cache)
    except (AttributeError, TypeError, ValueError):
        return make()
    if key not in cache:
        cache.setdefault(key, make())
    return cache[key]
