"""Re-exports from `mirascope.core.gemini`, under the names of this provider."""

from mirascope.core.gemini.dynamic_config import GeminiDynamicConfig as VertexDynamicConfig
from mirascope.core.gemini.dynamic_config import GeminiMessageParam as VertexMessageParam

__all__ = ["VertexDynamicConfig", "VertexMessageParam"]
