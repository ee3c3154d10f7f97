"""Requests of OpenAI's Responses API: items, tools and formats, and what is sent back."""

from __future__ import annotations

import json
from typing import Any, cast

import openai as sdk
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import (
    Response,
    ResponseCustomToolCall,
    ResponseFunctionToolCall,
    ResponseInputItemParam,
    ToolParam,
)
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.json_schema import SkipJsonSchema

from mirascope.core import BaseMessageParam, Messages
from mirascope.core._dialects.chat_completions.messages import MESSAGE_FORMAT as CHAT_FORMAT
from mirascope.core._dialects.responses.encoder import create_method, encode
from mirascope.core._dialects.responses.messages import MESSAGE_FORMAT, normalize
from mirascope.core._dialects.responses.tools import (
    INPUT_CLOSES,
    INPUT_OPENS,
    ResponsesTool,
    ResponsesToolConfig,
    input_fragment,
    supports_format,
    tool_call_records,
    tool_messages,
)
from mirascope.core._prompts.message_param import Message, Part
from mirascope.core._responses.response_model import ResponseFormat
from mirascope.core._tools.tool_calls import build_tool, by_name
from mirascope.core.anthropic._normalize import MESSAGE_FORMAT as ANTHROPIC_FORMAT
from mirascope.core.base import (
    AudioPart,
    AudioURLPart,
    CacheControlPart,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.core.cohere import CohereCallResponse
from mirascope.core.gemini._normalize import MESSAGE_FORMAT as GEMINI_FORMAT
from mirascope.core.mistral import MistralCallResponse
from mirascope.testing.loopback import Loopback
from mirascope.testing.loopback import Response as Answer

ITEM = TypeAdapter[Any](ResponseInputItemParam)
TOOL = TypeAdapter[Any](ToolParam)
OTHERS = {
    "openai": CHAT_FORMAT,
    "anthropic": ANTHROPIC_FORMAT,
    "cohere": CohereCallResponse.message_format,
    "gemini": GEMINI_FORMAT,
    "mistral": MistralCallResponse.message_format,
}

ANSWER: dict[str, Any] = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}],
}
REASONING: dict[str, Any] = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Hm"}],
    "encrypted_content": "gAAAA",
}
CALL: dict[str, Any] = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "look",
    "arguments": '{"at":"ü"}',
    "status": "completed",
}
CUSTOM: dict[str, Any] = {
    "type": "custom_tool_call",
    "id": "ctc_1",
    "call_id": "call_2",
    "name": "RunSQL",
    "input": 'SELECT "a"\n',
}
SEARCH: dict[str, Any] = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "a"},
}
CITED: dict[str, Any] = {
    **ANSWER,
    "content": [
        {
            "type": "output_text",
            "text": "Hi",
            "annotations": [{"type": "file_path", "file_id": "f", "index": 0}],
        }
    ],
}


class SDKTool(ResponsesTool):
    tool_call: SkipJsonSchema[ResponseFunctionToolCall | ResponseCustomToolCall]


class Look(SDKTool):
    """Looks at something."""

    __custom_name__ = "look"

    at: str = "here"

    def call(self) -> str:
        return self.at


class StrictLook(SDKTool):
    """Looks at something."""

    tool_config = ResponsesToolConfig(strict=True)
    at: str = "here"

    def call(self) -> str:
        return self.at


class RunSQL(SDKTool):
    """Runs SQL."""

    tool_config = ResponsesToolConfig(format={"type": "text"})
    input: str

    def call(self) -> str:
        return self.input


class Book(BaseModel):
    title: str


class StrictBook(BaseModel):
    model_config = ConfigDict(strict=True)

    title: str = "Emma"


def response(*output: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "output": [*output]}


def encoded(*messages: Message, **params: Any) -> list[Any]:
    """Encode messages as a call does; the SDK's own types must accept the items."""
    sent = MESSAGE_FORMAT.to_send(messages, "openai_responses")
    arguments = encode("m", sent, params, streaming=False, tools=[], form=None)
    items = cast("list[Any]", arguments["messages"])
    for item in items:
        ITEM.validate_python(item)
    return items


def common(*output: dict[str, Any]) -> BaseMessageParam:
    return MESSAGE_FORMAT.common(response(*output), "openai_responses")


texts = st.text(min_size=1)
call_parts = st.builds(
    ToolCallPart,
    name=st.just("look"),
    args=st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()),
    id=st.text("abc1", min_size=1, max_size=4),
)


@given(said=texts, calls=st.lists(call_parts, max_size=3))
def test_an_assistant_message_is_the_same_after_a_round_trip(
    said: str, calls: list[ToolCallPart]
) -> None:
    content: Any = [TextPart(text=said), *calls] if calls else said
    answer = BaseMessageParam(role="assistant", content=content)
    arguments = encode("m", [answer], {}, streaming=False, tools=[], form=None)
    items = cast("list[Any]", arguments["messages"])
    assert len(items) == 1 + len(calls)
    assert normalize(response(*items)) == answer


def test_the_order_of_texts_calls_and_results_is_kept() -> None:
    calls = [TextPart(text="a"), ToolCallPart(name="look", id="call_1"), TextPart(text="b")]
    results = [
        ToolResultPart(name="look", content="seen", id="call_1"),
        TextPart(text="Go on"),
        ImageURLPart(url="https://host.invalid/a.png"),
    ]
    assert encoded(Messages.Assistant(calls), Messages.User(results)) == [
        {"type": "message", "role": "assistant", "content": "a"},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
        {"type": "message", "role": "assistant", "content": "b"},
        {"type": "function_call_output", "call_id": "call_1", "output": "seen"},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Go on"},
                {
                    "type": "input_image",
                    "image_url": "https://host.invalid/a.png",
                    "detail": "auto",
                },
            ],
        },
    ]


MEDIA: list[Part] = [
    ImagePart(media_type="image/png", image=b"\x89PNG rest"),
    ImagePart(media_type="image/png", image=b"\x89PNG rest", detail="high"),
    ImageURLPart(url="https://host.invalid/a.png", detail="low"),
    DocumentPart(media_type="application/pdf", document=b"%PDF rest"),
    DocumentURLPart(url="https://host.invalid/a.pdf"),
]


@pytest.mark.parametrize("part", MEDIA, ids=lambda part: part.type)
def test_media_are_the_same_after_a_round_trip(part: Part) -> None:
    (item,) = encoded(Messages.User(["Look", part]))
    assert normalize(item).content == [TextPart(text="Look"), part]
    with pytest.raises(
        ValueError, match=f"Responses's system messages cannot have {part.type} parts"
    ):
        encoded(BaseMessageParam(role="system", content=[part]))


@pytest.mark.parametrize(
    "part",
    [
        AudioPart(media_type="audio/wav", audio=b"RIFF"),
        AudioURLPart(url="https://host.invalid/a.wav"),
        CacheControlPart(cache_type="ephemeral"),
    ],
    ids=lambda part: part.type,
)
def test_what_the_api_refuses_is_an_error_that_names_it(part: Part) -> None:
    with pytest.raises(
        ValueError, match=f"OpenAI Responses messages cannot have {part.type} parts"
    ):
        encoded(Messages.User(["Look", part]))


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant"])
def test_a_text_is_a_message_of_its_role(role: str) -> None:
    expected = [{"type": "message", "role": role, "content": "Hi"}]
    assert encoded(BaseMessageParam(role=role, content="Hi")) == expected
    assert normalize(expected[0]) == BaseMessageParam(role=role, content="Hi")


def test_own_items_are_sent_unchanged() -> None:
    output = {"type": "function_call_output", "call_id": "call_1", "output": "seen"}
    items: list[Message] = [{"role": "user", "content": "Hi"}, REASONING, CALL, output, ANSWER]
    assert encoded(*items) == items
    assert encoded(items[0], response(REASONING, CALL), output, ANSWER) == items
    reference = {"type": "item_reference", "id": "rs_1"}
    assert encoded(reference) == [reference]


def test_a_response_object_of_the_sdk_is_its_items() -> None:
    received = Response.construct(id="resp_1", object="response", output=[REASONING, CALL])
    assert encoded(received) == [REASONING, CALL]
    assert encoded(ResponseFunctionToolCall.construct(None, **CALL)) == [CALL]


def test_a_response_without_items_is_left_out() -> None:
    user = {"type": "message", "role": "user", "content": "Hi"}
    assert encoded(user, response(), Messages.Assistant(""), user) == [user, user]


@pytest.mark.parametrize(
    ("output", "content", "is_kept", "has_more"),
    [
        ([ANSWER], "Hi", False, False),
        ([ANSWER | {"phase": "commentary"}], "Hi", True, False),
        ([ANSWER, ANSWER | {"id": "msg_2"}], "HiHi", True, False),
        ([CITED], "Hi", True, True),
        ([REASONING, ANSWER], "Hi", True, True),
        ([CALL], [ToolCallPart(name="look", args={"at": "ü"}, id="call_1")], True, False),
        (
            [CALL | {"arguments": '{"at": "ü"}'}],
            [ToolCallPart(name="look", args={"at": "ü"}, id="call_1")],
            False,
            False,
        ),
        (
            [CUSTOM],
            [ToolCallPart(name="RunSQL", args={"input": CUSTOM["input"]}, id="call_2")],
            True,
            False,
        ),
        ([SEARCH], "", True, True),
    ],
    ids=["text", "phase", "texts", "cited", "reasoning", "compact", "same", "custom", "hosted"],
)
def test_a_response_goes_back_word_for_word_and_as_parts_to_others(
    output: list[Any], content: object, *, is_kept: bool, has_more: bool
) -> None:
    message = common(*output)
    assert message.role == "assistant"
    assert message.content == content
    assert (message.native is not None) == is_kept
    if message.native is not None:
        assert message.native.has_more == has_more
        loaded = BaseMessageParam.model_validate_json(message.model_dump_json())
        for same in (message, loaded):
            assert encoded(same) == output
        changed = message.model_copy(update={"content": "Bye"})
        assert encoded(changed) == [{"type": "message", "role": "assistant", "content": "Bye"}]


def test_another_provider_gets_the_parts_and_a_warning_of_what_it_cannot_read() -> None:
    message = common(REASONING, CALL)
    with pytest.warns(UserWarning, match="only openai_responses can read"):
        sent = CHAT_FORMAT.to_send([message], "openai")
    assert sent == [message]
    assert CHAT_FORMAT.to_send([common(CALL)], "openai") == [common(CALL)]


@pytest.mark.parametrize("provider", OTHERS)
@pytest.mark.parametrize(
    "message",
    [response(ANSWER), CALL, {"type": "function_call_output", "call_id": "c", "output": "seen"}],
    ids=["response", "call", "output"],
)
def test_a_message_of_this_api_is_an_error_for_another_provider(
    provider: str, message: dict[str, Any]
) -> None:
    with pytest.raises(
        ValueError, match=rf"^{provider} messages have no '(output|call_id)': .*common_mess"
    ):
        OTHERS[provider].to_send([message], provider)


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "parts": ["Hi"]},
        {"role": "assistant", "tool_calls": [{"id": "c"}]},
        {"role": "tool", "tool_call_id": "c", "content": "seen"},
    ],
    ids=["gemini", "chat call", "chat result"],
)
def test_a_message_of_another_provider_is_an_error(message: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="has the format of another provider"):
        encoded(message)


def test_results_of_custom_tools_have_a_type_of_their_own() -> None:
    results = [
        ToolResultPart(name="look", content="seen", id="call_1"),
        ToolResultPart(name="RunSQL", content="a", id="call_2"),
    ]
    items = encoded(common(CALL, CUSTOM), BaseMessageParam(role="tool", content=results))
    assert items == [
        CALL,
        CUSTOM,
        {"type": "function_call_output", "call_id": "call_1", "output": "seen"},
        {"type": "custom_tool_call_output", "call_id": "call_2", "output": "a"},
    ]
    assert [part for item in items[2:] for part in normalize(item).content] == [
        part.model_copy(update={"name": ""}) for part in results
    ]


def test_tools_of_a_response_are_called_and_answered() -> None:
    calls = [
        ResponseFunctionToolCall.construct(None, **CALL),
        ResponseCustomToolCall.construct(None, **CUSTOM),
    ]
    others = [Response.construct(type="reasoning")]
    records = tool_call_records([*others, *calls])
    tools = [build_tool(by_name([Look, RunSQL]), record) for record in records]
    assert [tool.args for tool in tools] == [{"at": "ü"}, {"input": CUSTOM["input"]}]
    assert [tool.id for tool in tools] == ["call_1", "call_2"]
    outputs = tool_messages([(tool, tool.call()) for tool in tools])
    assert encoded(*outputs) == [
        {"type": "function_call_output", "call_id": "call_1", "output": "ü"},
        {"type": "custom_tool_call_output", "call_id": "call_2", "output": CUSTOM["input"]},
    ]


@given(pieces=st.lists(st.text()))
def test_fragments_of_free_text_are_arguments_of_json(pieces: list[str]) -> None:
    arguments = "".join([INPUT_OPENS, *map(input_fragment, pieces), INPUT_CLOSES])
    assert json.loads(arguments) == {"input": "".join(pieces)}
    unfinished = "".join([INPUT_OPENS, *map(input_fragment, pieces)])
    assert RunSQL.input_so_far(unfinished) == "".join(pieces)


def test_the_schemas_of_tools() -> None:
    schemas = [Look.tool_schema(), StrictLook.tool_schema(), RunSQL.tool_schema()]
    for schema in schemas:
        TOOL.validate_python(schema)
    at = {"type": "string"}
    described = {"description": "Looks at something."}
    assert schemas == [
        {
            "type": "function",
            "name": "look",
            **described,
            "parameters": {"type": "object", "properties": {"at": at | {"default": "here"}}},
            "strict": False,
        },
        {
            "type": "function",
            "name": "StrictLook",
            **described,
            "parameters": {
                "type": "object",
                "properties": {"at": at},
                "required": ["at"],
                "additionalProperties": False,
            },
            "strict": True,
        },
        {
            "type": "custom",
            "name": "RunSQL",
            "description": "Runs SQL.",
            "format": {"type": "text"},
        },
    ]


def test_a_custom_tool_with_other_arguments_is_an_error() -> None:
    class Query(SDKTool):
        tool_config = ResponsesToolConfig(format={"type": "text"})
        sql: str

        def call(self) -> str:
            return self.sql

    with pytest.raises(TypeError, match=r"Query is a custom tool.*must be `input: str`"):
        Query.tool_schema()


def arguments_for(form: ResponseFormat | None, *tools: Any, **params: Any) -> dict[str, Any]:
    messages: list[Message] = [Messages.User("Hi")]
    arguments = encode("m", messages, params, streaming=False, tools=[*tools], form=form)
    given = {name: value for name, value in arguments.items() if name != "messages"}
    TypeAdapter[Any](ResponseCreateParamsNonStreaming).validate_python(given)
    return {name: value for name, value in given.items() if name not in {"model", "tools"}}


def test_response_formats() -> None:
    strict = ResponseFormat(model=StrictBook, strict=True)
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
        "additionalProperties": False,
    }
    expected = {"type": "json_schema", "name": "StrictBook", "schema": schema, "strict": True}
    assert arguments_for(strict) == {"text": {"format": expected}}
    assert supports_format(strict)
    for form in (ResponseFormat(), ResponseFormat(model=Book)):
        assert arguments_for(form) == {"text": {"format": {"type": "json_object"}}}
        assert not supports_format(form)
    assert arguments_for(strict, text={"verbosity": "low"}) == {
        "text": {"format": expected, "verbosity": "low"}
    }
    own = {"format": {"type": "text"}}
    assert arguments_for(strict, text=own) == {"text": own}


def test_a_forced_tool_is_the_only_one_or_named() -> None:
    form = ResponseFormat(tool="look")
    assert arguments_for(form, Look) == {"tool_choice": "required"}
    assert arguments_for(form, Look, tool_choice="none") == {"tool_choice": "none"}
    hosted = [{"type": "web_search"}]
    assert arguments_for(form, Look, tools=hosted) == {
        "tool_choice": {"type": "function", "name": "look"}
    }


def test_common_parameters_are_renamed_if_there_are_no_others() -> None:
    params = {"max_tokens": 5, "temperature": 0.5, "top_p": None, "stop": "x", "seed": 1}
    assert arguments_for(None, **params) == {"max_output_tokens": 5, "temperature": 0.5}
    own = {
        "max_output_tokens": 5,
        "previous_response_id": "resp_1",
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "low", "summary": "auto"},
        "background": True,
    }
    assert arguments_for(None, **own) == own


def test_the_sdk_sends_the_items_as_input(server: Loopback) -> None:
    server.default = lambda: Answer.of_json({"id": "resp_1", "object": "response", "output": []})
    client = sdk.OpenAI(base_url=server.url + "/v1", api_key="key-of-a-test")
    items: list[Message] = [REASONING, CALL]
    arguments = encode("m", items, {"store": False}, streaming=False, tools=[Look], form=None)
    create_method(client)(**arguments)
    assert server.requests[0].path == "/v1/responses"
    assert server.requests[0].json == {
        "model": "m",
        "input": items,
        "store": False,
        "tools": [Look.tool_schema()],
    }
