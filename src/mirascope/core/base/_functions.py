"""Telling async functions from others, and making functions that are taken for async ones."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine
from types import CodeType, FunctionType
from typing import Any

from typing_extensions import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def is_async(fn: Callable[..., object]) -> bool:
    """Tell whether a function, below whatever wraps it, is an ``async def``."""
    return inspect.iscoroutinefunction(inspect.unwrap(fn))


def coroutine_function(
    fn: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Have a plain function that returns a coroutine taken for an ``async def``.

    It differs from one in that it does something when it is called, not only when it is awaited.
    Python 3.11 has no mark for such functions: there, the flag by which it knows an ``async def``
    is set, which tells it nothing else.
    """
    assert isinstance(fn, FunctionType)  # noqa: S101  # for the type checkers
    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(fn)
    code: CodeType = fn.__code__
    fn.__code__ = code.replace(co_flags=code.co_flags | inspect.CO_COROUTINE)
    return fn
