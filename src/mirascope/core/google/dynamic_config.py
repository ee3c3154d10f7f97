"""Re-exports from `mirascope.core.gemini`, under v1's newer name."""

from mirascope.core.gemini.dynamic_config import GeminiDynamicConfig as GoogleDynamicConfig
from mirascope.core.gemini.dynamic_config import GeminiMessageParam as GoogleMessageParam

__all__ = ["GoogleDynamicConfig", "GoogleMessageParam"]
