"""What a prompt function may return to configure one call of an OpenAI model."""

from __future__ import annotations

from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from mirascope.core.base.dynamic_config import BaseDynamicConfig
from mirascope.core.openai.call_params import OpenAICallParams

OpenAIDynamicConfig = BaseDynamicConfig[ChatCompletionMessageParam, OpenAICallParams, OpenAI]
"""The settings of one call of a sync function."""

AsyncOpenAIDynamicConfig = BaseDynamicConfig[
    ChatCompletionMessageParam, OpenAICallParams, AsyncOpenAI
]
"""The settings of one call of an async function."""
