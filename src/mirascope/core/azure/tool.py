"""Re-exports from `mirascope.core.openai`, under the names of this provider."""

from mirascope.core.openai.tool import OpenAITool as AzureTool
from mirascope.core.openai.tool import OpenAIToolConfig as AzureToolConfig

__all__ = ["AzureTool", "AzureToolConfig"]
