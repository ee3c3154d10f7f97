"""Stream LLM output through one typed interface."""

from typing import TYPE_CHECKING

from mirascope._version import __version__

if TYPE_CHECKING:
    from mirascope import (
        conversation,
        core,
        errors,
        integrations,
        llm,
        local,
        otel,
        resume,
        retries,
        show,
        streams,
        testing,
        web,
    )
    from mirascope.conversation import converse
    from mirascope.core import (
        AudioPart,
        AudioURLPart,
        BaseDynamicConfig,
        BaseMessageParam,
        BasePrompt,
        BaseTool,
        BaseToolKit,
        CacheControlPart,
        DocumentPart,
        DocumentURLPart,
        ImagePart,
        ImageURLPart,
        LocalProvider,
        Messages,
        Provider,
        Retry,
        TextPart,
        Timeout,
        ToolCallPart,
        ToolResultPart,
        metadata,
        prompt_template,
        toolkit_tool,
    )
else:
    from importlib import import_module

    _MODULES = frozenset(
        {
            *("conversation", "core", "errors", "integrations", "llm", "local"),
            *("otel", "resume", "retries", "show", "streams", "testing", "web"),
        }
    )

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            return import_module(f"mirascope.{name}")
        if name == "converse":
            return import_module("mirascope.conversation").converse
        if name in __all__:
            return getattr(import_module("mirascope.core"), name)
        raise AttributeError(f"module 'mirascope' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted(__all__)


__all__ = [
    "AudioPart",
    "AudioURLPart",
    "BaseDynamicConfig",
    "BaseMessageParam",
    "BasePrompt",
    "BaseTool",
    "BaseToolKit",
    "CacheControlPart",
    "DocumentPart",
    "DocumentURLPart",
    "ImagePart",
    "ImageURLPart",
    "LocalProvider",
    "Messages",
    "Provider",
    "Retry",
    "TextPart",
    "Timeout",
    "ToolCallPart",
    "ToolResultPart",
    "__version__",
    "conversation",
    "converse",
    "core",
    "errors",
    "integrations",
    "llm",
    "local",
    "metadata",
    "otel",
    "prompt_template",
    "resume",
    "retries",
    "show",
    "streams",
    "testing",
    "toolkit_tool",
    "web",
]
