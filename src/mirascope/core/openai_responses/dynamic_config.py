"""The type of a prompt function's result that configures one call of an OpenAI model."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from openai import AsyncOpenAI, OpenAI
from openai.types.responses import ResponseInputItemParam

from mirascope.core._dialects.responses.messages import OutputMessage
from mirascope.core._prompts.dynamic_config import DynamicConfigFull
from mirascope.core._prompts.message_param import UNCHANGED, BaseMessageParam
from mirascope.core.openai_responses.call_params import OpenAIResponsesCallParams

MessageParam: TypeAlias = ResponseInputItemParam | OutputMessage
"""An input item in the SDK's form, or a response that is sent back."""

OpenAIResponsesMessageParam: TypeAlias = Annotated[MessageParam | BaseMessageParam, UNCHANGED]
"""A message in the API's form, or in the form that is the same for every provider."""


class _Config(
    DynamicConfigFull[OpenAIResponsesMessageParam, OpenAIResponsesCallParams, OpenAI], total=False
): ...


class _AsyncConfig(
    DynamicConfigFull[OpenAIResponsesMessageParam, OpenAIResponsesCallParams, AsyncOpenAI],
    total=False,
): ...


OpenAIResponsesDynamicConfig: TypeAlias = _Config | None
"""The settings of one call of a sync function."""

AsyncOpenAIResponsesDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
