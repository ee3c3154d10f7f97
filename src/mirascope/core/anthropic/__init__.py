"""Anthropic's models, through its Messages API.

Begin with `_provider`, which describes the provider. Imports every room but other providers.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("anthropic", extra="anthropic"):
    from mirascope.core.anthropic.call_params import AnthropicCallParams
    from mirascope.core.anthropic.call_response import AnthropicCallResponse
    from mirascope.core.anthropic.call_response_chunk import AnthropicCallResponseChunk
    from mirascope.core.anthropic.dynamic_config import (
        AnthropicDynamicConfig,
        AnthropicMessageParam,
        AsyncAnthropicDynamicConfig,
    )
    from mirascope.core.anthropic.stream import AnthropicStream
    from mirascope.core.anthropic.tool import AnthropicTool, AnthropicToolConfig

    from mirascope.core.anthropic.call import anthropic_call, call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AnthropicCallParams",
    "AnthropicCallResponse",
    "AnthropicCallResponseChunk",
    "AnthropicDynamicConfig",
    "AnthropicMessageParam",
    "AnthropicStream",
    "AnthropicTool",
    "AnthropicToolConfig",
    "AsyncAnthropicDynamicConfig",
    "anthropic_call",
    "call",
]
