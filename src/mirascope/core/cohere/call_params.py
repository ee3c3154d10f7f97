"""Parameters of Cohere's Chat API beside the model and the messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cohere import CitationOptions, Document, ResponseFormatV2, Thinking, ToolV2
from cohere.core import RequestOptions

from mirascope.core._calls.call_params import BaseCallParams


class CohereCallParams(BaseCallParams, total=False):
    """Parameters of a Chat request, and of the SDK's method for it.

    Parameters that are not listed here go into ``request_options["additional_body_parameters"]``.
    Only ``max_retries`` of the call sets the retries; that of ``request_options`` has no effect.
    """

    citation_options: CitationOptions
    documents: Sequence[str | Document]
    frequency_penalty: float | None
    k: int | None
    logprobs: bool | None
    max_tokens: int | None
    p: float | None
    presence_penalty: float | None
    priority: int | None
    request_options: RequestOptions
    response_format: ResponseFormatV2
    safety_mode: Literal["CONTEXTUAL", "STRICT", "OFF"] | None
    seed: int | None
    stop_sequences: Sequence[str] | None
    strict_tools: bool | None
    temperature: float | None
    thinking: Thinking
    tool_choice: Literal["REQUIRED", "NONE"] | None
    tools: Sequence[ToolV2]
