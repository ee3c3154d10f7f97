"""What a prompt function may return to configure one call of a Mistral model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from mistralai.client import Mistral
from mistralai.client.models import ChatCompletionRequestMessageTypedDict

from mirascope.core._prompts.dynamic_config import CommonConfig
from mirascope.core._prompts.message_param import BaseMessageParam
from mirascope.core.mistral.call_params import MistralCallParams
from mirascope.core.mistral.call_response import MistralMessage

MistralMessageParam: TypeAlias = MistralMessage | BaseMessageParam
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(CommonConfig, total=False):
    messages: Sequence[MistralMessageParam | ChatCompletionRequestMessageTypedDict]
    call_params: MistralCallParams
    client: Mistral | None


MistralDynamicConfig: TypeAlias = _Config | None
"""The settings of one call, of a sync or an async function: one client serves both."""
