"""The type of a prompt function's result that configures one call of an OpenAI model."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from mirascope.core._prompts.dynamic_config import DynamicConfigFull
from mirascope.core._prompts.message_param import UNCHANGED, BaseMessageParam
from mirascope.core.openai.call_params import OpenAICallParams

OpenAIMessageParam: TypeAlias = Annotated[ChatCompletionMessageParam | BaseMessageParam, UNCHANGED]
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(DynamicConfigFull[OpenAIMessageParam, OpenAICallParams, OpenAI], total=False): ...


class _AsyncConfig(
    DynamicConfigFull[OpenAIMessageParam, OpenAICallParams, AsyncOpenAI], total=False
): ...


OpenAIDynamicConfig: TypeAlias = _Config | None
"""The settings of one call of a sync function."""

AsyncOpenAIDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
