"""How to stream."""

from __future__ import annotations

from typing_extensions import TypedDict


class StreamConfig(TypedDict, total=False):
    """Options of a stream, given as ``stream={...}``.

    Attributes:
        partial_tools: Whether tools are yielded while their arguments grow.
    """

    partial_tools: bool
