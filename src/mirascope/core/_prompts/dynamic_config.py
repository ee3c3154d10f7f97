"""Dynamic configuration: the settings for one call that a prompt function may return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeAlias

from typing_extensions import TypedDict, TypeVar

from mirascope.core._prompts.message_param import Message
from mirascope.core._prompts.metadata import Metadata
from mirascope.core._tools.tool_types import Tools

MessageT = TypeVar("MessageT", default=Message)
ParamsT = TypeVar("ParamsT", default=Mapping[str, object])
ClientT = TypeVar("ClientT", default=object)


class CommonConfig(TypedDict, total=False):
    """The provider-agnostic settings.

    Attributes:
        metadata: Replaces the decorator's metadata.
        computed_fields: Further variables for the template.
        tools: Replaces the decorator's tools.
    """

    metadata: Metadata
    computed_fields: Mapping[str, object]
    tools: Tools


class DynamicConfig(CommonConfig, total=False):
    """Settings for one call; each overrides the decorator's.

    Each provider has its own class, with its own types.

    Attributes:
        messages: The messages; the template is not used.
        call_params: Parameters, merged over the decorator's.
        client: The client for this call alone; ``None`` for the decorator's.
    """

    messages: Sequence[Message]
    call_params: Mapping[str, object]
    client: object


BaseDynamicConfig: TypeAlias = DynamicConfig | None
"""The type of the settings that a prompt function may return, or ``None``."""

DynamicConfigBase = CommonConfig


class DynamicConfigMessages(CommonConfig, Generic[MessageT], total=False):
    """A configuration with user-defined messages."""

    messages: Sequence[MessageT]


class DynamicConfigCallParams(CommonConfig, Generic[ParamsT], total=False):
    """A configuration with user-defined call parameters."""

    call_params: ParamsT


class DynamicConfigClient(CommonConfig, Generic[ClientT], total=False):
    """A configuration with a user-defined client."""

    client: ClientT | None


class DynamicConfigMessagesCallParams(CommonConfig, Generic[MessageT, ParamsT], total=False):
    """A configuration with user-defined messages and call parameters."""

    messages: Sequence[MessageT]
    call_params: ParamsT


class DynamicConfigMessagesClient(CommonConfig, Generic[MessageT, ClientT], total=False):
    """A configuration with user-defined messages and a user-defined client."""

    messages: Sequence[MessageT]
    client: ClientT | None


class DynamicConfigCallParamsClient(CommonConfig, Generic[ParamsT, ClientT], total=False):
    """A configuration with user-defined call parameters and a user-defined client."""

    call_params: ParamsT
    client: ClientT | None


class DynamicConfigFull(CommonConfig, Generic[MessageT, ParamsT, ClientT], total=False):
    """A configuration with user-defined messages, call parameters and client."""

    messages: Sequence[MessageT]
    call_params: ParamsT
    client: ClientT | None
