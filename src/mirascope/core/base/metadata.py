"""Data attached to a call for logs and traces."""

from mirascope.core._prompts.metadata import Metadata, metadata

__all__ = ["Metadata", "metadata"]
