"""What a prompt function may return to configure the one call it is run for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypedDict

from typing_extensions import TypeVar

from mirascope.core.base.message_param import BaseMessageParam
from mirascope.core.base.metadata import Metadata

MessageT = TypeVar("MessageT", default=object)
ParamsT = TypeVar("ParamsT", default=Mapping[str, object])
ConfigClientT = TypeVar("ConfigClientT", default=object)


class DynamicConfig(TypedDict, Generic[MessageT, ParamsT, ConfigClientT], total=False):
    """Settings for one call; each overrides what the decorator says.

    Attributes:
        metadata: Replaces the decorator's metadata.
        computed_fields: Further variables for the template.
        messages: The messages; the template is not used.
        call_params: Parameters, merged over the decorator's.
        client: The client for this call alone.
    """

    metadata: Metadata
    computed_fields: Mapping[str, object]
    messages: Sequence[BaseMessageParam | MessageT]
    call_params: ParamsT
    client: ConfigClientT


BaseDynamicConfig = DynamicConfig[MessageT, ParamsT, ConfigClientT] | None
