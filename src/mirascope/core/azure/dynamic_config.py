"""Re-exports from `mirascope.core.openai`, under the names of this provider."""

from mirascope.core.openai.dynamic_config import AsyncOpenAIDynamicConfig as AsyncAzureDynamicConfig
from mirascope.core.openai.dynamic_config import OpenAIDynamicConfig as AzureDynamicConfig
from mirascope.core.openai.dynamic_config import OpenAIMessageParam as AzureMessageParam

__all__ = ["AsyncAzureDynamicConfig", "AzureDynamicConfig", "AzureMessageParam"]
