"""One decorator from several."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, cast

from typing_extensions import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
WrappedP = ParamSpec("WrappedP")
WrappedR = TypeVar("WrappedR")


def merge_decorators(
    decorator: Callable[[Callable[P, R]], Callable[WrappedP, WrappedR]],
    *additional_decorators: Callable[[Any], Any],
) -> Callable[[], Callable[[Callable[P, R]], Callable[WrappedP, WrappedR]]]:
    """Combine several decorators into one.

    The function keeps its name, docstring and attributes, even if a decorator drops them.

    Args:
        decorator: The outermost decorator. It decides the signature of the decorated function.
        additional_decorators: The decorators below it; the last one is next to the function.

    Returns:
        A function that returns the combined decorator.

    Example:
        >>> def twice(fn):
        ...     return lambda: fn() * 2
        >>> def louder(fn):
        ...     return lambda: fn() + "!"
        >>> doubled = merge_decorators(twice, louder)
        >>> @doubled()
        ... def greeting() -> str:
        ...     return "hi"
        >>> greeting.__name__, greeting()
        ('greeting', 'hi!hi!')
    """

    def decorate(fn: Callable[P, R]) -> Callable[WrappedP, WrappedR]:
        decorated: object = fn
        for each in reversed((decorator, *additional_decorators)):
            decorated = _with_metadata_of(each(cast("Any", decorated)), decorated)
        return cast("Callable[WrappedP, WrappedR]", decorated)

    return lambda: decorate


def _with_metadata_of(decorated: object, fn: object) -> object:
    """Return a function with the metadata of the one that it wraps, below its own."""
    if inspect.isfunction(decorated) and decorated is not fn and callable(fn):
        own = dict(vars(decorated))
        if "__wrapped__" not in own:
            update_wrapper(decorated, fn)
            vars(decorated).update(own)
    return decorated
