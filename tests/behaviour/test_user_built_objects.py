"""Chunks and responses that users build from the SDKs' own objects, as in tests of theirs."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from cohere import UserChatMessageV2, V2ChatResponse, V2ChatStreamResponse
from google.genai.types import Content, GenerateContentResponse, Part
from groq.types.chat import ChatCompletion as GroqCompletion
from groq.types.chat import ChatCompletionChunk as GroqChunk
from mistralai.client.models import ChatCompletionResponse, CompletionChunk, UserMessage
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from support.cases import Case, records

from mirascope.core import (
    anthropic,
    base,
    bedrock,
    cohere,
    gemini,
    groq,
    mistral,
    openai,
    openai_responses,
)


@dataclass(frozen=True)
class Kit:
    """The classes of one provider and its SDK, and a user's message."""

    response: Callable[..., base.BaseCallResponse[Any, Any, Any]]
    chunk: Callable[..., base.BaseCallResponseChunk[Any, Any]]
    raw_response: Any
    raw_chunk: Any
    message: Any


ASKED = {"role": "user", "content": "Recommend a book"}
KITS = {
    "anthropic": Kit(
        anthropic.AnthropicCallResponse,
        anthropic.AnthropicCallResponseChunk,
        Message,
        RawMessageStreamEvent,
        ASKED,
    ),
    "bedrock": Kit(
        bedrock.BedrockCallResponse,
        bedrock.BedrockCallResponseChunk,
        dict,
        dict,
        {"role": "user", "content": [{"text": "Recommend a book"}]},
    ),
    "cohere": Kit(
        cohere.CohereCallResponse,
        cohere.CohereCallResponseChunk,
        V2ChatResponse,
        V2ChatStreamResponse,
        UserChatMessageV2(content="Recommend a book"),
    ),
    "gemini": Kit(
        gemini.GeminiCallResponse,
        gemini.GeminiCallResponseChunk,
        GenerateContentResponse,
        GenerateContentResponse,
        Content(role="user", parts=[Part(text="Recommend a book")]),
    ),
    "groq": Kit(
        groq.GroqCallResponse, groq.GroqCallResponseChunk, GroqCompletion, GroqChunk, ASKED
    ),
    "mistral": Kit(
        mistral.MistralCallResponse,
        mistral.MistralCallResponseChunk,
        ChatCompletionResponse,
        CompletionChunk,
        UserMessage(content="Recommend a book"),
    ),
    "openai": Kit(
        openai.OpenAICallResponse,
        openai.OpenAICallResponseChunk,
        ChatCompletion,
        ChatCompletionChunk,
        ASKED,
    ),
    "openai_responses": Kit(
        openai_responses.OpenAIResponsesCallResponse,
        openai_responses.OpenAIResponsesCallResponseChunk,
        Response,
        ResponseStreamEvent,
        ASKED,
    ),
}

COPIES = pytest.mark.parametrize(
    "copied",
    [lambda thing: thing, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))],  # noqa: S301  # our own bytes
    ids=["itself", "deepcopy", "pickle"],
)


def built(case: Case, **options: Any) -> Any:
    """Build a response with all arguments that v1 needs."""
    kit = KITS[case.family]
    given: dict[str, Any] = {
        "metadata": {"tags": {"a"}},
        "response": TypeAdapter(kit.raw_response).validate_python(case.plain("Hello")),
        "tool_types": None,
        "prompt_template": "Recommend a {genre} book",
        "fn_args": {"genre": "fantasy"},
        "dynamic_config": None,
        "messages": [kit.message],
        "call_params": {},
        "call_kwargs": {"model": "requested-model", "messages": [kit.message]},
        "user_message_param": kit.message,
        "start_time": 1,
        "end_time": 2,
    }
    return kit.response(**given | options)


def built_chunks(case: Case) -> list[Any]:
    """Build the chunks of a response."""
    kit = KITS[case.family]
    adapter = TypeAdapter[Any](kit.raw_chunk)
    events = map(json.dumps, records(case, case.response("Hel", "lo")))
    return [kit.chunk(chunk=adapter.validate_json(event)) for event in events]


@COPIES
def test_every_property_of_a_response_can_be_read(case: Case, copied: Callable[[Any], Any]) -> None:
    response = copied(built(case))
    assert (str(response), response.content, response.reasoning) == ("Hello", "Hello", "")
    assert response.finish_reasons == [case.stop]
    assert response.common_finish_reasons == ["stop"]
    assert response.model == (case.model or "requested-model")
    assert response.id or not case.has_ids
    assert (response.input_tokens, response.output_tokens) == (3, 2)
    assert response.common_usage == base.Usage(
        input_tokens=3, cached_tokens=0, output_tokens=2, total_tokens=5
    )
    assert response.cost_metadata.output_tokens == 2
    assert response.cost is None
    assert response.provider == case.family
    assert response.user_message_param == KITS[case.family].message
    assert response.message_param
    assert type(response.response) is KITS[case.family].raw_response
    assert (response.metadata, response.start_time, response.end_time) == ({"tags": {"a"}}, 1, 2)
    assert response.fn_args == {"genre": "fantasy"}


@COPIES
def test_every_property_of_a_chunk_can_be_read(case: Case, copied: Callable[[Any], Any]) -> None:
    chunks = [copied(chunk) for chunk in built_chunks(case)]
    assert "".join(map(str, chunks)) == "Hello"
    assert all(chunk.reasoning == "" for chunk in chunks)
    [ending] = [chunk for chunk in chunks if chunk.finish_reasons]
    assert (ending.finish_reasons, ending.common_finish_reasons) == ([case.stop], ["stop"])
    assert [chunk.output_tokens for chunk in chunks if chunk.usage][-1] == 2
    assert [chunk.common_usage for chunk in chunks if chunk.common_usage][-1].total_tokens == 5
    assert {chunk.model for chunk in chunks} - {None} == ({case.model} if case.model else set())
    assert any(chunk.id for chunk in chunks) is case.has_ids
    assert [type(chunk.chunk) for chunk in chunks] == [type(c.chunk) for c in built_chunks(case)]


@COPIES
def test_a_received_chunk_can_be_copied(case: Case, copied: Callable[[Any], Any]) -> None:
    kit = KITS[case.family]
    data = json.dumps(records(case, [case.text("Hi")])[0]).encode()
    wire: Any = kit.chunk
    chunk = copied(wire.from_record(json.loads(data), data))
    assert chunk.content == "Hi"
    assert chunk.chunk == TypeAdapter(kit.raw_chunk).validate_json(data)


def test_a_response_can_be_logged(case: Case) -> None:
    response = built(
        case,
        dynamic_config={"client": object(), "call_params": {"extra_headers": {"x-key": "secret"}}},
        call_kwargs={"model": "requested-model", "http_options": {"headers": {"x-key": "secret"}}},
        call_params={"temperature": 0.5, "api_key": "secret"},
        tool_types=[base.BaseTool],
    )
    logged = response.model_dump_json()
    assert "secret" not in logged
    reported = json.loads(logged)
    assert reported == response.model_dump(mode="json")
    assert reported["content"] == "Hello"
    assert (reported["input_tokens"], reported["output_tokens"]) == (3, 2)
    assert not reported["cached_tokens"]
    assert reported["common_usage"]["total_tokens"] == 5
    assert reported["finish_reasons"] == [case.stop]
    assert reported["call_params"] == {"temperature": 0.5}
    assert reported["dynamic_config"] == {"call_params": {}}
    assert reported["tool_types"] == [{"type": "function", "name": "BaseTool"}]
    assert reported["message_param"]
    assert reported["fn_args"] == {"genre": "fantasy"}
    assert {"id", "model", "usage", "cost", "messages", "metadata", "response"} <= reported.keys()


def test_bytes_are_logged_as_base64_and_half_an_emoji_is_kept(case: Case) -> None:
    image = base.ImagePart(media_type="image/png", image=b"\xff\xfe", detail=None)
    response = built(case, fn_args={"image": image, "bytes": b"\xff\xfe", "text": "\ud83d"})
    reported = json.loads(response.model_dump_json())["fn_args"]
    assert (reported["image"]["image"], reported["bytes"], reported["text"]) == (
        "__4=",
        "__4=",
        "\ud83d",
    )


def test_a_response_is_logged_in_part(case: Case) -> None:
    response = built(case)
    content = response.model_dump(include=["content", "cost"], exclude=["cost"])
    assert content == {"content": "Hello"}
    assert "cost" in response.model_dump()
    assert "cost" not in response.model_dump(exclude_none=True)
    whole = response.model_dump()
    assert set(whole) - set(response.model_dump(exclude={"response"})) == {"response"}
    assert whole["metadata"] == {"tags": {"a"}}
    assert isinstance(whole["response"], dict)


def test_chunks_can_be_logged(case: Case) -> None:
    chunks = built_chunks(case)
    reported = [json.loads(chunk.model_dump_json(indent=2)) for chunk in chunks]
    assert reported == [chunk.model_dump(mode="json") for chunk in chunks]
    assert "".join(chunk["content"] for chunk in reported) == "Hello"
    assert [c["common_finish_reasons"] for c in reported if c["finish_reasons"]] == [["stop"]]
    assert all({"chunk", "id", "model", "usage", "output_tokens"} <= c.keys() for c in reported)
