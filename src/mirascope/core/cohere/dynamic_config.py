"""What a prompt function may return to configure one call of a Cohere model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from cohere import AsyncClient, ChatMessageV2, Client

from mirascope.core.base.dynamic_config import CommonConfig
from mirascope.core.base.message_param import BaseMessageParam
from mirascope.core.cohere.call_params import CohereCallParams


class _Config(CommonConfig, total=False):
    messages: Sequence[BaseMessageParam | ChatMessageV2]
    call_params: CohereCallParams


class _SyncConfig(_Config, total=False):
    client: Client


class _AsyncConfig(_Config, total=False):
    client: AsyncClient


CohereDynamicConfig: TypeAlias = _SyncConfig | None
"""The settings of one call of a sync function."""

AsyncCohereDynamicConfig: TypeAlias = _AsyncConfig | None
"""The settings of one call of an async function."""
