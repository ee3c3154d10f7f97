"""What a prompt function may return to configure one call of an OpenAI model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from mirascope.core._prompts.dynamic_config import CommonConfig
from mirascope.core._prompts.message_param import UNCHANGED, BaseMessageParam
from mirascope.core.openai.call_params import OpenAICallParams

OpenAIMessageParam: TypeAlias = Annotated[ChatCompletionMessageParam | BaseMessageParam, UNCHANGED]
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(CommonConfig, total=False):
    messages: Sequence[OpenAIMessageParam]
    call_params: OpenAICallParams


class _SyncConfig(_Config, total=False):
    client: OpenAI | None


class _AsyncConfig(_Config, total=False):
    client: AsyncOpenAI | None


OpenAIDynamicConfig: TypeAlias = _SyncConfig | None
"""The settings of one call of a sync function."""

AsyncOpenAIDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
