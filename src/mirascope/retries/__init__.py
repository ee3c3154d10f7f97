"""Retries of a call: by tenacity with the same model, or as fallbacks with other models.

May import everything but `integrations`, `local` and the CLI.
Begin with `fallback.py`.
"""

from mirascope.retries import tenacity
from mirascope.retries.fallback import Fallback, FallbackError, fallback

__all__ = ["Fallback", "FallbackError", "fallback", "tenacity"]
