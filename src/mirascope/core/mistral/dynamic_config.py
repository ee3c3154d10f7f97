"""The type of a prompt function's result that configures one call of a Mistral model."""

from __future__ import annotations

from typing import TypeAlias

from mistralai.client import Mistral
from mistralai.client.models import ChatCompletionRequestMessageTypedDict

from mirascope.core._prompts.dynamic_config import DynamicConfigFull
from mirascope.core._prompts.message_param import BaseMessageParam
from mirascope.core.mistral._messages import MistralMessage
from mirascope.core.mistral.call_params import MistralCallParams

MistralMessageParam: TypeAlias = MistralMessage | BaseMessageParam
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _Config(
    DynamicConfigFull[
        MistralMessageParam | ChatCompletionRequestMessageTypedDict, MistralCallParams, Mistral
    ],
    total=False,
): ...


MistralDynamicConfig: TypeAlias = _Config | None
"""The settings of one call, of a sync or an async function: one client serves both."""
