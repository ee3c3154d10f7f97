"""Data about a call that travels with its answer and is never sent."""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import TypedDict, TypeVar

T = TypeVar("T")


class Metadata(TypedDict, total=False):
    """Data about a call; any keys may be added to ``tags``."""

    tags: set[str] | dict[str, str]


def metadata(data: Metadata) -> Callable[[T], T]:
    """Attach metadata to a prompt, as a function or a class; responses and streams have it.

    Example:
        >>> @metadata({"tags": {"version:0001"}})
        ... def recommend(): ...
    """

    def attach(prompt: T) -> T:
        setattr(prompt, "_metadata", data)  # noqa: B010  # no type says that functions have it
        return prompt

    return attach
