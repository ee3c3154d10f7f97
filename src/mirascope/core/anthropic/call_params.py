"""Parameters of Anthropic's Messages API beside the model and the messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from anthropic import types

from mirascope.core._calls.call_params import BaseCallParams


class AnthropicCallParams(BaseCallParams, total=False):
    """Parameters of a Messages request, and of the SDK's method for it.

    ``max_tokens`` is 1024 by default. ``temperature``, ``top_p`` and ``top_k`` are sent, although
    the SDK's method does not have them any more; current models reject them. Parameters that are
    not listed here go into ``extra_body``.
    """

    cache_control: types.CacheControlEphemeralParam | None
    container: types.MessageCreateParamsContainerParam | None
    diagnostics: types.DiagnosticsParam | None
    extra_body: Mapping[str, object]
    extra_headers: Mapping[str, str]
    extra_query: Mapping[str, object]
    inference_geo: str | None
    max_tokens: int
    metadata: types.MetadataParam
    output_config: types.OutputConfigParam
    service_tier: Literal["auto", "standard_only"]
    speed: Literal["standard", "fast"] | None
    stop_sequences: list[str]
    system: str | list[types.TextBlockParam]
    temperature: float
    thinking: types.ThinkingConfigParam
    timeout: float | None
    tool_choice: types.ToolChoiceParam
    tools: list[types.ToolUnionParam]
    top_k: int
    top_p: float
    user_profile_id: str
    workspace_id: str
