"""Asking again: the same model, or another one."""

from mirascope.retries import tenacity
from mirascope.retries.fallback import Fallback, FallbackError, fallback

__all__ = ["Fallback", "FallbackError", "fallback", "tenacity"]
