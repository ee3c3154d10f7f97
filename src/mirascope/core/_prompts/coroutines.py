"""Telling async functions from others, and making functions that are taken for async ones."""

from __future__ import annotations

import inspect
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
    The flag by which an ``async def`` is known says nothing else of it. Unlike the mark that
    `inspect.markcoroutinefunction` sets, the flag is kept when the function is pickled by value.
    """
    assert isinstance(fn, FunctionType)  # noqa: S101  # for the type checkers
    code: CodeType = fn.__code__
    code = code.replace(co_flags=code.co_flags | inspect.CO_COROUTINE)
    return FunctionType(code, fn.__globals__, fn.__name__, fn.__defaults__, fn.__closure__)
