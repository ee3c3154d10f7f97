"""What a prompt function may return to configure one call of a Cohere model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from cohere import AsyncClient, ChatMessageV2, Client

from mirascope.core._prompts.dynamic_config import CommonConfig
from mirascope.core._prompts.message_param import BaseMessageParam
from mirascope.core.cohere.call_params import CohereCallParams

CohereMessageParam: TypeAlias = ChatMessageV2 | BaseMessageParam
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(CommonConfig, total=False):
    messages: Sequence[CohereMessageParam]
    call_params: CohereCallParams


class _SyncConfig(_Config, total=False):
    client: Client | None


class _AsyncConfig(_Config, total=False):
    client: AsyncClient | None


CohereDynamicConfig: TypeAlias = _SyncConfig | None
"""The settings of one call of a sync function."""

AsyncCohereDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
