"""The names that spans and metrics have, as literals.

They are those of the GenAI conventions of OpenTelemetry, which are still in development and have no
package of constants. By default they are what ``opentelemetry-util-genai`` emits. The newest ones,
of the repository ``open-telemetry/semantic-conventions-genai``, rename the metrics; they are chosen
by ``gen_ai_latest_experimental`` in the environment variable ``OTEL_SEMCONV_STABILITY_OPT_IN``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

# Attributes.

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_STREAM: Final = "gen_ai.request.stream"
OUTPUT_TYPE: Final = "gen_ai.output.type"
RESPONSE_ID: Final = "gen_ai.response.id"
RESPONSE_MODEL: Final = "gen_ai.response.model"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
ERROR_TYPE: Final = "error.type"
TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105  # no password
TOKEN_MODALITY: Final = "gen_ai.token.modality"  # noqa: S105  # no password

REQUEST_PARAMS: Final = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "k": "gen_ai.request.top_k",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "random_seed": "gen_ai.request.seed",
    "stop": "gen_ai.request.stop_sequences",
    "stop_sequences": "gen_ai.request.stop_sequences",
}
"""Attributes by call parameters, in the words of all providers."""

NESTED_PARAMS: Final = ("generation_config", "config")
"""Call parameters that hold further ones."""

# Content, recorded only if that is requested.

INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"

# What the conventions do not have.

STREAM_STATE: Final = "mirascope.stream.state"
COST: Final = "mirascope.cost"
READ_COST: Final = ("operation.cost", "gen_ai.usage.cost")
"""Where Logfire and Langfuse read the cost."""

RETRY: Final = "mirascope.retry"
"""The name of an event."""

RETRY_COUNT: Final = "mirascope.retry.count"
RETRY_WAIT: Final = "mirascope.retry.wait"
RETRY_RESTARTS: Final = "mirascope.retry.restarts"
RETRY_RESUMES: Final = "mirascope.retry.resumes"

# Values.

CHAT: Final = "chat"
INPUT: Final = "input"
OUTPUT: Final = "output"
UNKNOWN: Final = "unknown"

PROVIDERS: Final = {
    "azure": "azure.ai.openai",
    "azure_responses": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "openai_responses": "openai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}
"""Providers that the conventions call otherwise than we do."""

SUPPRESSED: Final = "suppress_instrumentation"
"""The key in the context by which OpenTelemetry's instrumentations are suppressed."""

# Metrics.

DURATION_BUCKETS: Final = tuple(0.01 * 2**power for power in range(14))
TOKEN_BUCKETS: Final = tuple(4**power for power in range(14))


@dataclass(frozen=True)
class MetricNames:
    """The names of the metrics.

    Attributes:
        duration: A histogram, of seconds.
        time_to_first_chunk: A histogram, of seconds.
        time_per_output_chunk: A histogram, of seconds.
        tokens: Histograms of tokens, for input and output; they may be one, with the type as an
            attribute.
        used_tokens: Counters of tokens, for input, output and those read from the cache.
    """

    duration: str
    time_to_first_chunk: str
    time_per_output_chunk: str
    tokens: tuple[str, str]
    used_tokens: tuple[str, str, str] | None = None


DEFAULT: Final = MetricNames(
    duration="gen_ai.client.operation.duration",
    time_to_first_chunk="gen_ai.client.operation.time_to_first_chunk",
    time_per_output_chunk="gen_ai.client.operation.time_per_output_chunk",
    tokens=("gen_ai.client.token.usage", "gen_ai.client.token.usage"),
)
NEWEST: Final = MetricNames(
    duration="gen_ai.client.inference.duration",
    time_to_first_chunk="gen_ai.client.inference.time_to_first_chunk",
    time_per_output_chunk="gen_ai.client.inference.time_per_output_chunk",
    tokens=(
        "gen_ai.client.inference.operation.input_tokens",
        "gen_ai.client.inference.operation.output_tokens",
    ),
    used_tokens=(
        "gen_ai.client.inference.usage.input_tokens",
        "gen_ai.client.inference.usage.output_tokens",
        "gen_ai.client.inference.usage.cache_read.input_tokens",
    ),
)

OPT_IN: Final = "OTEL_SEMCONV_STABILITY_OPT_IN"
LATEST: Final = "gen_ai_latest_experimental"
CAPTURE_CONTENT: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
CAPTURING: Final = frozenset({"true", "1", "span_only", "span_and_event"})


def metric_names() -> MetricNames:
    """Return the names that the environment chooses."""
    chosen = {value.strip() for value in os.environ.get(OPT_IN, "").split(",")}
    return NEWEST if LATEST in chosen else DEFAULT


def captures_content() -> bool:
    """Return whether the environment requests that spans have prompts and responses."""
    return os.environ.get(CAPTURE_CONTENT, "").strip().lower() in CAPTURING
