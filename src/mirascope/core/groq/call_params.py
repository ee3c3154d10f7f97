"""Parameters of Groq's Chat Completions beside the model and the messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from groq.types.chat import ChatCompletionToolChoiceOptionParam, ChatCompletionToolParam
from groq.types.chat.completion_create_params import (
    CompoundCustom,
    Document,
    ResponseFormat,
    SearchSettings,
)

from mirascope.core._calls.call_params import BaseCallParams


class GroqCallParams(BaseCallParams, total=False):
    """Parameters of a Chat Completions request, and of the SDK's method for it.

    Parameters that are not listed here go into ``extra_body``.
    """

    citation_options: Literal["enabled", "disabled"] | None
    compound_custom: CompoundCustom | None
    disable_tool_validation: bool
    documents: list[Document] | None
    extra_body: Mapping[str, object]
    extra_headers: Mapping[str, str]
    extra_query: Mapping[str, object]
    frequency_penalty: float | None
    include_reasoning: bool | None
    logit_bias: dict[str, int] | None
    logprobs: bool | None
    max_completion_tokens: int | None
    max_tokens: int | None
    metadata: dict[str, str] | None
    n: int | None
    parallel_tool_calls: bool | None
    presence_penalty: float | None
    reasoning_effort: Literal["none", "default", "low", "medium", "high"] | None
    reasoning_format: Literal["hidden", "raw", "parsed"] | None
    response_format: ResponseFormat | None
    search_settings: SearchSettings | None
    seed: int | None
    service_tier: Literal["auto", "on_demand", "flex", "performance"] | None
    stop: str | list[str] | None
    store: bool | None
    temperature: float | None
    timeout: float | None
    tool_choice: ChatCompletionToolChoiceOptionParam | None
    tools: Sequence[ChatCompletionToolParam] | None
    top_logprobs: int | None
    top_p: float | None
    user: str | None
