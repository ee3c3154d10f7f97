"""What Cohere's Chat API takes beside the model and the messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cohere import CitationOptions, Document, ResponseFormatV2, Thinking, ToolV2
from cohere.core import RequestOptions

from mirascope.core._calls.call_params import BaseCallParams


class CohereCallParams(BaseCallParams, total=False):
    """Parameters of a Chat request, and of the SDK's method for it.

    What is not listed here goes into ``request_options["additional_body_parameters"]``. How often a
    request is sent again is for the call's ``max_retries`` alone to say: of ``request_options``,
    ``max_retries`` has no effect.
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
