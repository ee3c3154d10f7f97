"""A streamed response model."""

from mirascope.core._engine.structured_stream import BaseStructuredStream

__all__ = ["BaseStructuredStream"]
