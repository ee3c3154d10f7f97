"""The doorway: a provider, and its SDK, is imported when it is first named.

The laziness is hidden from type checkers, which would take any name for good behind a visible
``__getattr__``.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirascope.core import anthropic, base, cohere, costs, gemini, google, groq, mistral, openai
    from mirascope.core.base import (
        AudioPart,
        AudioSegment,
        AudioURLPart,
        BaseCallKwargs,
        BaseCallParams,
        BaseCallResponse,
        BaseCallResponseChunk,
        BaseDynamicConfig,
        BaseMessageParam,
        BasePrompt,
        BaseStream,
        BaseStructuredStream,
        BaseTool,
        BaseToolKit,
        BaseType,
        CacheControlPart,
        CommonCallParams,
        CostMetadata,
        DocumentPart,
        DocumentURLPart,
        FromCallArgs,
        GenerateJsonSchemaNoTitles,
        Image,
        ImagePart,
        ImageURLPart,
        JsonableType,
        LocalProvider,
        Messages,
        Provider,
        ResponseModelConfigDict,
        Retry,
        StreamConfig,
        StreamState,
        TextPart,
        Timeout,
        ToolCallPart,
        ToolConfig,
        ToolResultPart,
        Usage,
        calculate_cost,
        prompt_template,
        response_of,
        toolkit_tool,
    )
    from mirascope.core.base.merge_decorators import merge_decorators
    from mirascope.core.base.metadata import Metadata, metadata
else:
    from importlib import import_module

    _MODULES = frozenset(
        {"anthropic", "base", "cohere", "costs", "gemini", "google", "groq", "mistral", "openai"}
    )

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            return import_module(f"mirascope.core.{name}")
        if name in __all__:
            return getattr(import_module("mirascope.core.base"), name)
        raise AttributeError(f"module 'mirascope.core' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted(__all__)


__all__ = [
    "AudioPart",
    "AudioSegment",
    "AudioURLPart",
    "BaseCallKwargs",
    "BaseCallParams",
    "BaseCallResponse",
    "BaseCallResponseChunk",
    "BaseDynamicConfig",
    "BaseMessageParam",
    "BasePrompt",
    "BaseStream",
    "BaseStructuredStream",
    "BaseTool",
    "BaseToolKit",
    "BaseType",
    "CacheControlPart",
    "CommonCallParams",
    "CostMetadata",
    "DocumentPart",
    "DocumentURLPart",
    "FromCallArgs",
    "GenerateJsonSchemaNoTitles",
    "Image",
    "ImagePart",
    "ImageURLPart",
    "JsonableType",
    "LocalProvider",
    "Messages",
    "Metadata",
    "Provider",
    "ResponseModelConfigDict",
    "Retry",
    "StreamConfig",
    "StreamState",
    "TextPart",
    "Timeout",
    "ToolCallPart",
    "ToolConfig",
    "ToolResultPart",
    "Usage",
    "anthropic",
    "base",
    "calculate_cost",
    "cohere",
    "costs",
    "gemini",
    "google",
    "groq",
    "merge_decorators",
    "metadata",
    "mistral",
    "openai",
    "prompt_template",
    "response_of",
    "toolkit_tool",
]
