"""Parameters of OpenAI's Chat Completions beside the model and the messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from openai.types import ReasoningEffort
from openai.types.chat import (
    ChatCompletionAudioParam,
    ChatCompletionPredictionContentParam,
    ChatCompletionStreamOptionsParam,
    ChatCompletionToolChoiceOptionParam,
    ChatCompletionToolUnionParam,
)
from openai.types.shared_params import (
    ResponseFormatJSONObject,
    ResponseFormatJSONSchema,
    ResponseFormatText,
)

from mirascope.core._calls.call_params import BaseCallParams


class OpenAICallParams(BaseCallParams, total=False):
    """Parameters of a Chat Completions request, and of the SDK's method for it.

    Parameters that are not listed here go into ``extra_body``.
    """

    audio: ChatCompletionAudioParam | None
    extra_body: object
    extra_headers: Mapping[str, str]
    extra_query: Mapping[str, object]
    frequency_penalty: float | None
    logit_bias: dict[str, int] | None
    logprobs: bool | None
    max_completion_tokens: int | None
    max_tokens: int | None
    metadata: dict[str, str] | None
    modalities: list[Literal["text", "audio"]] | None
    n: int | None
    parallel_tool_calls: bool
    prediction: ChatCompletionPredictionContentParam | None
    presence_penalty: float | None
    prompt_cache_key: str | None
    reasoning_effort: ReasoningEffort | None
    response_format: ResponseFormatText | ResponseFormatJSONObject | ResponseFormatJSONSchema
    safety_identifier: str | None
    seed: int | None
    service_tier: Literal["auto", "default", "flex", "scale", "priority"] | None
    stop: str | list[str] | None
    store: bool | None
    stream_options: ChatCompletionStreamOptionsParam | None
    temperature: float | None
    timeout: float | None
    tool_choice: ChatCompletionToolChoiceOptionParam
    tools: Sequence[ChatCompletionToolUnionParam]
    top_logprobs: int | None
    top_p: float | None
    user: str
    verbosity: Literal["low", "medium", "high"] | None
