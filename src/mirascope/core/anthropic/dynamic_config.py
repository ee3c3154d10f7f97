"""What a prompt function may return to configure one call of an Anthropic model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from anthropic import Anthropic, AsyncAnthropic
from anthropic.types import MessageParam

from mirascope.core._prompts.dynamic_config import CommonConfig
from mirascope.core._prompts.message_param import UNCHANGED, BaseMessageParam
from mirascope.core.anthropic.call_params import AnthropicCallParams

AnthropicMessageParam: TypeAlias = Annotated[MessageParam | BaseMessageParam, UNCHANGED]
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(CommonConfig, total=False):
    messages: Sequence[AnthropicMessageParam]
    call_params: AnthropicCallParams


class _SyncConfig(_Config, total=False):
    client: Anthropic | None


class _AsyncConfig(_Config, total=False):
    client: AsyncAnthropic | None


AnthropicDynamicConfig: TypeAlias = _SyncConfig | None
"""The settings of one call of a sync function."""

AsyncAnthropicDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
