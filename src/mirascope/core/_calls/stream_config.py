"""The configuration of a stream."""

from __future__ import annotations

from typing_extensions import TypedDict


class StreamConfig(TypedDict, total=False):
    """Options of a stream, passed as ``stream={...}``.

    Attributes:
        partial_tools: Whether partial tools are yielded while their arguments arrive.
    """

    partial_tools: bool
