"""What a prompt function may return to configure one call of a Groq model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from groq import AsyncGroq, Groq
from groq.types.chat import ChatCompletionMessageParam

from mirascope.core._prompts.dynamic_config import CommonConfig
from mirascope.core._prompts.message_param import UNCHANGED, BaseMessageParam
from mirascope.core.groq.call_params import GroqCallParams

GroqMessageParam: TypeAlias = Annotated[ChatCompletionMessageParam | BaseMessageParam, UNCHANGED]
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(CommonConfig, total=False):
    messages: Sequence[GroqMessageParam]
    call_params: GroqCallParams


class _SyncConfig(_Config, total=False):
    client: Groq | None


class _AsyncConfig(_Config, total=False):
    client: AsyncGroq | None


GroqDynamicConfig: TypeAlias = _SyncConfig | None
"""The settings of one call of a sync function."""

AsyncGroqDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
