"""Never run: pyright and mypy read here what calls of models on clouds return."""

from __future__ import annotations

from typing import assert_type

from google.genai import Client
from google.genai.types import GenerateContentResponse
from openai import AsyncAzureOpenAI, AzureOpenAI
from openai.types.chat import ChatCompletionChunk

from mirascope import core
from mirascope.core import azure, vertex
from mirascope.core.azure import (
    AsyncAzureDynamicConfig,
    AzureCallResponse,
    AzureCallResponseChunk,
    AzureStream,
    AzureTool,
)
from mirascope.core.bedrock import BedrockStream
from mirascope.core.openai_responses import OpenAIResponsesStream
from mirascope.core.vertex import (
    VertexCallResponse,
    VertexCallResponseChunk,
    VertexStream,
    VertexTool,
)


@azure.call("gpt", stream=True, client=AzureOpenAI(), call_params={"temperature": 0.5})
def on_azure(genre: str) -> str:
    return genre


@azure.call("gpt")
async def on_azure_async(genre: str) -> AsyncAzureDynamicConfig:
    return {"client": AsyncAzureOpenAI(), "messages": [{"role": "user", "content": genre}]}


@vertex.call("gemini", stream=True, client=Client(vertexai=True))
def on_vertex(genre: str) -> str:
    return genre


@vertex.call("gemini")
async def on_vertex_async(genre: str) -> str:
    return genre


def read() -> None:
    stream = on_azure("fantasy")
    assert_type(stream, AzureStream)
    for chunk, tool in stream:
        assert_type(chunk, AzureCallResponseChunk)
        assert_type(tool, AzureTool | None)
        assert_type(chunk.chunk, ChatCompletionChunk)
    google = on_vertex("fantasy")
    assert_type(google, VertexStream)
    for piece, called in google:
        assert_type(piece, VertexCallResponseChunk)
        assert_type(called, VertexTool | None)
        assert_type(piece.chunk, GenerateContentResponse)


async def read_async() -> None:
    assert_type(await on_azure_async("fantasy"), AzureCallResponse)
    assert_type(await on_vertex_async("fantasy"), VertexCallResponse)


def modules_of_providers_are_attributes() -> None:
    assert_type(core.azure.AzureStream, type[AzureStream])
    assert_type(core.vertex.VertexStream, type[VertexStream])
    assert_type(core.bedrock.BedrockStream, type[BedrockStream])
    assert_type(core.azure_responses.AzureResponsesStream, type[OpenAIResponsesStream])
    _ = (core.anthropic.call, core.cohere.call, core.gemini.call, core.groq.call)
    _ = (core.mistral.call, core.openai.call, core.openai_responses.call)
