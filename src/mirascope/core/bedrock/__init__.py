"""Amazon Bedrock's models, through its Converse API.

Begin with `_provider`, which describes the provider. Imports every room but other providers.
"""

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("botocore", extra="bedrock"):
    from mirascope.core.bedrock._sdk import BedrockClient
    from mirascope.core.bedrock.call_params import BedrockCallParams
    from mirascope.core.bedrock.call_response import BedrockCallResponse
    from mirascope.core.bedrock.call_response_chunk import BedrockCallResponseChunk
    from mirascope.core.bedrock.dynamic_config import (
        AsyncBedrockDynamicConfig,
        BedrockDynamicConfig,
        BedrockMessageParam,
    )
    from mirascope.core.bedrock.stream import BedrockStream
    from mirascope.core.bedrock.tool import BedrockTool

    from mirascope.core.bedrock.call import bedrock_call, call  # isort: skip  # after its module's siblings: the function replaces the module's name

__all__ = [
    "AsyncBedrockDynamicConfig",
    "BedrockCallParams",
    "BedrockCallResponse",
    "BedrockCallResponseChunk",
    "BedrockClient",
    "BedrockDynamicConfig",
    "BedrockMessageParam",
    "BedrockStream",
    "BedrockTool",
    "bedrock_call",
    "call",
]
