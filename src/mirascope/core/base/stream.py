"""A streamed response."""

from mirascope.core._engine.stream import BaseStream

__all__ = ["BaseStream"]
