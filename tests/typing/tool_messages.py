"""What type checkers see of the messages with the outputs of tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_type

from anthropic.types import MessageParam
from cohere import ToolChatMessageV2
from google.genai.types import Content
from groq.types.chat import ChatCompletionToolMessageParam as GroqToolMessage
from mistralai.client.models import ToolMessage
from openai.types.chat import ChatCompletionToolMessageParam

from mirascope.core import anthropic, cohere, gemini, groq, mistral, openai, openai_responses
from mirascope.core.base import BaseCallResponse, BaseStream, BaseTool
from mirascope.core.openai_responses.tool import ToolOutputParam

assert_type(anthropic.AnthropicCallResponse.tool_message_params([]), list[MessageParam])
assert_type(anthropic.AnthropicStream.tool_message_params([]), list[MessageParam])
assert_type(cohere.CohereCallResponse.tool_message_params([]), list[ToolChatMessageV2])
assert_type(cohere.CohereStream.tool_message_params([]), list[ToolChatMessageV2])
assert_type(gemini.GeminiCallResponse.tool_message_params([]), list[Content])
assert_type(gemini.GeminiStream.tool_message_params([]), list[Content])
assert_type(groq.GroqCallResponse.tool_message_params([]), list[GroqToolMessage])
assert_type(groq.GroqStream.tool_message_params([]), list[GroqToolMessage])
assert_type(mistral.MistralCallResponse.tool_message_params([]), list[ToolMessage])
assert_type(mistral.MistralStream.tool_message_params([]), list[ToolMessage])
assert_type(openai.OpenAICallResponse.tool_message_params([]), list[ChatCompletionToolMessageParam])
assert_type(openai.OpenAIStream.tool_message_params([]), list[ChatCompletionToolMessageParam])
assert_type(
    openai_responses.OpenAIResponsesCallResponse.tool_message_params([]), list[ToolOutputParam]
)
assert_type(openai_responses.OpenAIResponsesStream.tool_message_params([]), list[ToolOutputParam])


def of_any_provider(
    response: BaseCallResponse, stream: BaseStream[Any, Any, BaseTool, MessageParam]
) -> None:
    """A response whose class has no parameters has messages of any provider."""
    assert_type(response.tool_message_params([]), Sequence[object])
    assert_type(stream.tool_message_params([]), list[MessageParam])
