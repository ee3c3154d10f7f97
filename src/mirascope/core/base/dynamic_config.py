"""What a prompt function may return to configure the one call it is run for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pydantic import BaseModel
from typing_extensions import TypedDict

from mirascope.core.base.message_param import BaseMessageParam
from mirascope.core.base.metadata import Metadata
from mirascope.core.base.tool import Tools


class CommonConfig(TypedDict, total=False):
    """The settings that are the same for every provider.

    Attributes:
        metadata: Replaces the decorator's metadata.
        computed_fields: Further variables for the template.
        tools: Replaces the decorator's tools.
    """

    metadata: Metadata
    computed_fields: Mapping[str, object]
    tools: Tools


class DynamicConfig(CommonConfig, total=False):
    """Settings for one call; each overrides what the decorator says.

    Each provider has its own, with its own types.

    Attributes:
        messages: The messages; the template is not used.
        call_params: Parameters, merged over the decorator's.
        client: The client for this call alone.
    """

    messages: Sequence[BaseMessageParam | Mapping[str, object] | BaseModel]
    call_params: Mapping[str, object]
    client: object


BaseDynamicConfig: TypeAlias = DynamicConfig | None
"""What a prompt function may return to configure its call."""
