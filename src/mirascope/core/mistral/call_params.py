"""Parameters of Mistral's Chat Completions beside the model and the messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mistralai.client.models import (
    ChatCompletionRequestTool,
    ChatCompletionRequestToolChoice,
    ChatCompletionRequestToolChoiceTypedDict,
    ChatCompletionRequestToolTypedDict,
    GuardrailConfig,
    GuardrailConfigTypedDict,
    MistralPromptMode,
    Prediction,
    PredictionTypedDict,
    ReasoningEffort,
    RequestedServiceTier,
    ResponseFormat,
    ResponseFormatTypedDict,
)
from mistralai.client.utils import RetryConfig

from mirascope.core._calls.call_params import BaseCallParams


class MistralCallParams(BaseCallParams, total=False):
    """Parameters of a Chat Completions request, and of the SDK's method for it.

    ``timeout_ms`` is the SDK's timeout in milliseconds, for the connection and then for each read.
    ``retries`` configures the SDK's own retries on your own client. It has no effect if the call
    has ``max_retries``, ``on_retry`` or ``timeout``. The API rejects unknown parameters.
    """

    frequency_penalty: float | None
    guardrails: Sequence[GuardrailConfig] | Sequence[GuardrailConfigTypedDict] | None
    http_headers: Mapping[str, str] | None
    logprobs: bool | None
    max_tokens: int | None
    metadata: Mapping[str, Any] | None
    min_tokens: int | None
    n: int | None
    parallel_tool_calls: bool | None
    prediction: Prediction | PredictionTypedDict | None
    presence_penalty: float | None
    prompt_cache_key: str | None
    prompt_logprobs: bool | None
    prompt_mode: MistralPromptMode | None
    random_seed: int | None
    reasoning_effort: ReasoningEffort | None
    repetition_penalty: float | None
    response_format: ResponseFormat | ResponseFormatTypedDict | None
    retries: RetryConfig | None
    safe_prompt: bool | None
    server_url: str | None
    service_tier: RequestedServiceTier | None
    stop: str | list[str] | None
    temperature: float | None
    timeout_ms: int | None
    tool_choice: ChatCompletionRequestToolChoice | ChatCompletionRequestToolChoiceTypedDict | None
    tools: Sequence[ChatCompletionRequestTool] | Sequence[ChatCompletionRequestToolTypedDict] | None
    top_k: int | None
    top_logprobs: int | None
    top_p: float | None
    top_prompt_logprobs: int | None
