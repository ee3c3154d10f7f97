"""Re-exports from `mirascope.core.gemini`, under v1's newer name."""

from mirascope.core.gemini.call import call
from mirascope.core.gemini.call import gemini_call as google_call

__all__ = ["call", "google_call"]
