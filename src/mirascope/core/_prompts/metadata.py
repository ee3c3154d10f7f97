"""Metadata of a call: kept on its responses and streams, never sent."""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import TypedDict, TypeVar

T = TypeVar("T")


class Metadata(TypedDict, total=False):
    """Metadata of a call: ``tags``, and any other keys. It is never sent to the provider."""

    tags: set[str] | dict[str, str]


def metadata(data: Metadata) -> Callable[[T], T]:
    """Attach metadata, such as tags, to a prompt function or class.

    Its responses and streams have it as ``metadata``.

    Example:
        >>> @metadata({"tags": {"version:0001"}})
        ... def recommend(): ...
    """

    def attach(prompt: T) -> T:
        setattr(prompt, "_metadata", data)  # noqa: B010  # no type declares it
        return prompt

    return attach
