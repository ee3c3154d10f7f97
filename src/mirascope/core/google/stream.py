"""Gemini's, by v1's newer name."""

from mirascope.core.gemini.stream import GeminiStream as GoogleStream

__all__ = ["GoogleStream"]
