"""The type of a prompt function's result that configures one call of a model of Bedrock."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from mirascope.core._prompts.dynamic_config import DynamicConfigFull
from mirascope.core._prompts.message_param import UNCHANGED, BaseMessageParam
from mirascope.core.bedrock._sdk import BedrockClient, Message
from mirascope.core.bedrock.call_params import BedrockCallParams

BedrockMessageParam: TypeAlias = Annotated[Message | BaseMessageParam, UNCHANGED]
"""A message in Bedrock's form, or in the form that is the same for every provider."""


class _Config(
    DynamicConfigFull[BedrockMessageParam, BedrockCallParams, BedrockClient], total=False
): ...


BedrockDynamicConfig: TypeAlias = _Config | None
"""The settings of one call of a sync function."""

AsyncBedrockDynamicConfig: TypeAlias = _Config | None
"""The settings of one call of an async function, whose client is the same."""
