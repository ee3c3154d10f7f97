"""Gemini's, by v1's newer name."""

from mirascope.core.gemini.call_params import GeminiCallParams as GoogleCallParams

__all__ = ["GoogleCallParams"]
