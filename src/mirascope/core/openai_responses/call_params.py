"""Parameters of OpenAI's Responses API beside the model and the input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from openai.types.responses import (
    ResponseIncludable,
    ResponsePromptParam,
    ResponseTextConfigParam,
    ToolParam,
)
from openai.types.responses.response_create_params import (
    ContextManagement,
    Conversation,
    StreamOptions,
    ToolChoice,
)
from openai.types.shared_params import Reasoning

from mirascope.core._calls.call_params import BaseCallParams


class OpenAIResponsesCallParams(BaseCallParams, total=False):
    """Parameters of a Responses request, and of the SDK's method for it.

    Parameters that are not listed here go into ``extra_body``.
    """

    background: bool | None
    context_management: Iterable[ContextManagement] | None
    conversation: Conversation | None
    extra_body: object
    extra_headers: Mapping[str, str]
    extra_query: Mapping[str, object]
    include: list[ResponseIncludable] | None
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    metadata: dict[str, str] | None
    parallel_tool_calls: bool | None
    previous_response_id: str | None
    prompt: ResponsePromptParam | None
    prompt_cache_key: str | None
    prompt_cache_retention: Literal["in_memory", "24h"] | None
    reasoning: Reasoning | None
    safety_identifier: str | None
    service_tier: Literal["auto", "default", "flex", "scale", "priority"] | None
    store: bool | None
    stream_options: StreamOptions | None
    temperature: float | None
    text: ResponseTextConfigParam
    timeout: float | None
    tool_choice: ToolChoice
    tools: Iterable[ToolParam]
    top_logprobs: int | None
    top_p: float | None
    truncation: Literal["auto", "disabled"] | None
    user: str
