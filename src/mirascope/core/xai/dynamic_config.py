"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.dynamic_config import AsyncOpenAIDynamicConfig as AsyncXAIDynamicConfig
from mirascope.core.openai.dynamic_config import OpenAIDynamicConfig as XAIDynamicConfig
from mirascope.core.openai.dynamic_config import OpenAIMessageParam as XAIMessageParam

__all__ = ["AsyncXAIDynamicConfig", "XAIDynamicConfig", "XAIMessageParam"]
