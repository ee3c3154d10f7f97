"""The configuration of a stream."""

from __future__ import annotations

from typing_extensions import TypedDict


class StreamConfig(TypedDict, total=False):
    """The options of a stream, passed as ``stream={...}``.

    Attributes:
        partial_tools (bool): Whether the stream also yields each tool while its arguments are
            incomplete. Default: false.
    """

    partial_tools: bool
