"""Data about a call that travels with its answer and is never sent."""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import ParamSpec, TypedDict, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Metadata(TypedDict, total=False):
    """Data about a call; any keys may be added to ``tags``."""

    tags: set[str] | dict[str, str]


def metadata(data: Metadata) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Attach metadata to a prompt function; it is found again on the response and the stream.

    Example:
        >>> @metadata({"tags": {"version:0001"}})
        ... def recommend(): ...
    """

    def attach(fn: Callable[P, R]) -> Callable[P, R]:
        fn._metadata = data  # type: ignore[attr-defined] # pyright: ignore[reportFunctionMemberAccess] # noqa: SLF001
        return fn

    return attach
