"""The type of a prompt function's result that configures one call of a Cohere model."""

from __future__ import annotations

from typing import TypeAlias

from cohere import AsyncClient, ChatMessageV2, Client

from mirascope.core._prompts.dynamic_config import DynamicConfigFull
from mirascope.core._prompts.message_param import BaseMessageParam
from mirascope.core.cohere.call_params import CohereCallParams

CohereMessageParam: TypeAlias = ChatMessageV2 | BaseMessageParam
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(DynamicConfigFull[CohereMessageParam, CohereCallParams, Client], total=False): ...


class _AsyncConfig(
    DynamicConfigFull[CohereMessageParam, CohereCallParams, AsyncClient], total=False
): ...


CohereDynamicConfig: TypeAlias = _Config | None
"""The settings of one call of a sync function."""

AsyncCohereDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
