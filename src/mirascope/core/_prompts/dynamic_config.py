"""What a prompt function may return to configure the one call it is run for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeAlias

from typing_extensions import TypedDict, TypeVar

from mirascope.core._prompts.message_param import Message
from mirascope.core._prompts.metadata import Metadata
from mirascope.core._tools.tool import Tools

MessageT = TypeVar("MessageT", default=Message)
ParamsT = TypeVar("ParamsT", default=Mapping[str, object])
ClientT = TypeVar("ClientT", default=object)


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
        client: The client for this call alone; ``None`` for the decorator's.
    """

    messages: Sequence[Message]
    call_params: Mapping[str, object]
    client: object


BaseDynamicConfig: TypeAlias = DynamicConfig | None
"""What a prompt function may return to configure its call."""

DynamicConfigBase = CommonConfig


class DynamicConfigMessages(CommonConfig, Generic[MessageT], total=False):
    """A configuration with messages of one's own type."""

    messages: Sequence[MessageT]


class DynamicConfigCallParams(CommonConfig, Generic[ParamsT], total=False):
    """A configuration with call parameters of one's own type."""

    call_params: ParamsT


class DynamicConfigClient(CommonConfig, Generic[ClientT], total=False):
    """A configuration with a client of one's own type."""

    client: ClientT | None


class DynamicConfigMessagesCallParams(CommonConfig, Generic[MessageT, ParamsT], total=False):
    """A configuration with messages and call parameters of one's own types."""

    messages: Sequence[MessageT]
    call_params: ParamsT


class DynamicConfigMessagesClient(CommonConfig, Generic[MessageT, ClientT], total=False):
    """A configuration with messages and a client of one's own types."""

    messages: Sequence[MessageT]
    client: ClientT | None


class DynamicConfigCallParamsClient(CommonConfig, Generic[ParamsT, ClientT], total=False):
    """A configuration with call parameters and a client of one's own types."""

    call_params: ParamsT
    client: ClientT | None


class DynamicConfigFull(CommonConfig, Generic[MessageT, ParamsT, ClientT], total=False):
    """A configuration with messages, call parameters and a client of one's own types."""

    messages: Sequence[MessageT]
    call_params: ParamsT
    client: ClientT | None
