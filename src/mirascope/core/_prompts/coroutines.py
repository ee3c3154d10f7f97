"""Detection and marking of coroutine functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from types import CodeType, FunctionType
from typing import Any

from typing_extensions import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def is_async(fn: Callable[..., object]) -> bool:
    """Return whether a function, below its wrappers, is an ``async def``."""
    return inspect.iscoroutinefunction(inspect.unwrap(fn))


def coroutine_function(
    fn: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a copy of a function that returns a coroutine, marked as a coroutine function.

    Unlike an ``async def``, the function runs when it is called, not when its result is awaited.
    The code flag has no effect but on detection. Unlike the marker of
    `inspect.markcoroutinefunction`, the flag survives when the function is pickled by value.
    """
    assert isinstance(fn, FunctionType)  # noqa: S101  # for the type checkers
    code: CodeType = fn.__code__
    code = code.replace(co_flags=code.co_flags | inspect.CO_COROUTINE)
    return FunctionType(code, fn.__globals__, fn.__name__, fn.__defaults__, fn.__closure__)
