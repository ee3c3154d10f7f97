"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.dynamic_config import (
    AsyncOpenAIDynamicConfig as AsyncLiteLLMDynamicConfig,
)
from mirascope.core.openai.dynamic_config import OpenAIDynamicConfig as LiteLLMDynamicConfig

__all__ = ["AsyncLiteLLMDynamicConfig", "LiteLLMDynamicConfig"]
