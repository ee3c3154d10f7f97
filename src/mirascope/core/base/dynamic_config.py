"""What a prompt function may return to configure one call."""

from mirascope.core._prompts.dynamic_config import (
    BaseDynamicConfig,
    DynamicConfigBase,
    DynamicConfigCallParams,
    DynamicConfigCallParamsClient,
    DynamicConfigClient,
    DynamicConfigFull,
    DynamicConfigMessages,
    DynamicConfigMessagesCallParams,
    DynamicConfigMessagesClient,
)

__all__ = [
    "BaseDynamicConfig",
    "DynamicConfigBase",
    "DynamicConfigCallParams",
    "DynamicConfigCallParamsClient",
    "DynamicConfigClient",
    "DynamicConfigFull",
    "DynamicConfigMessages",
    "DynamicConfigMessagesCallParams",
    "DynamicConfigMessagesClient",
]
