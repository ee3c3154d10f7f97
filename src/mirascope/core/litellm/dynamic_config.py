"""Re-exports from `mirascope.core.openai`, under v1's name."""

from mirascope.core.openai.dynamic_config import (
    AsyncOpenAIDynamicConfig as AsyncLiteLLMDynamicConfig,
)
from mirascope.core.openai.dynamic_config import OpenAIDynamicConfig as LiteLLMDynamicConfig
from mirascope.core.openai.dynamic_config import OpenAIMessageParam as LiteLLMMessageParam

__all__ = ["AsyncLiteLLMDynamicConfig", "LiteLLMDynamicConfig", "LiteLLMMessageParam"]
