"""Parameters of Amazon Bedrock's Converse API beside the model and the messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from typing_extensions import TypedDict

from mirascope.core._calls.call_params import BaseCallParams


class InferenceConfig(TypedDict, total=False):
    """The parameters that all models have.

    Attributes:
        maxTokens: The maximum number of output tokens.
        temperature: The temperature, from 0 to 1.
        topP: The share of the most probable tokens that is sampled from.
        stopSequences: Texts before which the generation stops.
    """

    maxTokens: int
    temperature: float
    topP: float
    stopSequences: list[str]


class BedrockCallParams(BaseCallParams, total=False):
    """Parameters of a Converse request, and of the client's method for it.

    ``timeout`` is the read timeout of the request in seconds. A user-supplied client needs a
    botocore that can set it for one request; others keep that of their configuration. Parameters
    of one model only go into ``additionalModelRequestFields``.
    """

    additionalModelRequestFields: Mapping[str, Any]
    additionalModelResponseFieldPaths: list[str]
    guardrailConfig: Mapping[str, Any]
    inferenceConfig: InferenceConfig
    outputConfig: Mapping[str, Any]
    performanceConfig: Mapping[Literal["latency"], Literal["standard", "optimized"]]
    projectIdentifier: str
    promptVariables: Mapping[str, Mapping[str, Any]]
    requestMetadata: Mapping[str, str]
    serviceTier: Mapping[Literal["type"], str]
    system: str | Sequence[Mapping[str, Any]]
    timeout: float | None
    toolConfig: Mapping[str, Any]
