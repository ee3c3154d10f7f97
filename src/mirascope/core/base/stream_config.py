"""The options of a streamed response."""

from mirascope.core._calls.stream_config import StreamConfig

__all__ = ["StreamConfig"]
