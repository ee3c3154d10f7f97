"""The type of a prompt function's result that configures one call of an Anthropic model."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from anthropic._base_client import AsyncAPIClient, SyncAPIClient
from anthropic.types import MessageParam

from mirascope.core._prompts.dynamic_config import DynamicConfigFull
from mirascope.core._prompts.message_param import UNCHANGED, BaseMessageParam
from mirascope.core.anthropic.call_params import AnthropicCallParams

AnthropicMessageParam: TypeAlias = Annotated[MessageParam | BaseMessageParam, UNCHANGED]
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(
    DynamicConfigFull[AnthropicMessageParam, AnthropicCallParams, SyncAPIClient], total=False
): ...


class _AsyncConfig(
    DynamicConfigFull[AnthropicMessageParam, AnthropicCallParams, AsyncAPIClient], total=False
): ...


AnthropicDynamicConfig: TypeAlias = _Config | None
"""The settings of one call of a sync function."""

AsyncAnthropicDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
