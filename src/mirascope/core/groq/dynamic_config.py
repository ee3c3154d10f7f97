"""The type of a prompt function's result that configures one call of a Groq model."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from groq import AsyncGroq, Groq
from groq.types.chat import ChatCompletionMessageParam

from mirascope.core._prompts.dynamic_config import DynamicConfigFull
from mirascope.core._prompts.message_param import UNCHANGED, BaseMessageParam
from mirascope.core.groq.call_params import GroqCallParams

GroqMessageParam: TypeAlias = Annotated[ChatCompletionMessageParam | BaseMessageParam, UNCHANGED]
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(DynamicConfigFull[GroqMessageParam, GroqCallParams, Groq], total=False): ...


class _AsyncConfig(DynamicConfigFull[GroqMessageParam, GroqCallParams, AsyncGroq], total=False): ...


GroqDynamicConfig: TypeAlias = _Config | None
"""The settings of one call of a sync function."""

AsyncGroqDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
