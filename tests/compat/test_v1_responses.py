"""What v1 documents of responses, streams and chunks: refusals, values and what prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel
from support.providers import CASES
from support.providers.openai import completion, completion_chunk

from mirascope import errors, llm
from mirascope.core import (
    BaseTool,
)
from mirascope.testing.conformance import one_after_another
from mirascope.testing.loopback import Loopback, Response

if TYPE_CHECKING:
    from support.cases import Case, Driver


EMMA = '{"title": "Emma"}'


ON_LLM = pytest.mark.parametrize("agnostic", [False, True], ids=["core", "llm"])


def decorator(case: Case, *, agnostic: bool, **options: Any) -> Any:
    return llm.call(case.name, "m", **options) if agnostic else case.call("m", **options)


def get_author(title: str) -> str:
    """Returns the author of a book."""
    return f"the author of {title}"


def lower(text: str) -> str:
    if not text.islower():
        raise ValueError("must be lower case")
    return text


class Find(BaseTool):
    """Finds a book."""

    title: Annotated[str, AfterValidator(lower)]

    def call(self) -> str:
        return self.title


class Book(BaseModel):
    title: str
    author: str


REFUSAL = "I cannot help with that."


CHAT_COMPLETIONS = pytest.mark.parametrize(
    "case", [case for case in CASES if case.name in {"groq", "openai"}], ids=lambda case: case.name
)


def refused(case: Case, *, stream: bool) -> Response:
    if not stream:
        said = {"role": "assistant", "content": None, "refusal": REFUSAL}
        return Response.of_json(completion(said))
    pieces = [completion_chunk({"refusal": piece}) for piece in (REFUSAL[:8], REFUSAL[8:])]
    return Response([*case.begin, *pieces, *case.end(3, 2)])


@CHAT_COMPLETIONS
@ON_LLM
def test_tools_report_a_refusal(
    case: Case, driver: Driver, server: Loopback, *, agnostic: bool
) -> None:
    server.queue = [refused(case, stream=False), refused(case, stream=True)]
    if agnostic:

        @llm.call(case.name, "m", tools=[get_author])
        def ask() -> str:
            return "Hi"

        responses = [ask()]
    else:
        plain = driver.call(driver.function(case, stream=False, tools=[get_author]))
        stream, _ = driver.call_and_read(driver.function(case, tools=[get_author]))
        responses = [plain, stream.construct_call_response()]
    for response in responses:
        for read in (lambda r: r.tools, lambda r: r.tool, lambda r: r.raise_for_refusal()):
            with pytest.raises(ValueError, match=f"^{REFUSAL}$") as caught:
                read(response)
            assert isinstance(caught.value, errors.ModelRefused)
            assert isinstance(caught.value, case.sdk_error)
            assert caught.value.partial is not None


@CHAT_COMPLETIONS
@pytest.mark.parametrize("json_mode", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_a_response_model_reports_a_refusal(
    case: Case, driver: Driver, server: Loopback, *, stream: bool, json_mode: bool
) -> None:
    server.queue = [refused(case, stream=stream)]
    tried = driver.attempt(
        driver.function(case, stream=stream, response_model=Book, json_mode=json_mode)
    )
    assert isinstance(tried.error, errors.ModelRefused)
    assert isinstance(tried.error, ValueError)
    assert isinstance(tried.error, case.sdk_error)
    assert str(tried.error) == REFUSAL


def test_a_response_without_a_refusal_raises_none(case: Case, server: Loopback) -> None:
    server.queue = [Response.of_json(case.plain("Emma"))]

    @case.call("m")
    def ask() -> str:
        return "Hi"

    response = ask()
    response.raise_for_refusal()
    assert response.tools is None
    assert response.common_tools is None


def test_what_is_not_received_yet_prints_as_none(
    case: Case, driver: Driver, server: Loopback
) -> None:
    class Shelf(BaseModel):
        books: list[Book]
        best: Book

    text = json.dumps({"books": [{"title": "T1", "author": "A1"}], "best": {"title": "T2"}})
    server.queue = [
        Response(case.response('{"title": "T1"', ', "author": "A', '1"}')),
        Response(case.response(text[:20], text[20:28], text[28:-3], text[-3:])),
    ]
    function = driver.function(case, response_model=Book, json_mode=True)
    printed = list(map(str, driver.attempt(function).items))
    assert printed[0] == "title='T1' author=None"
    assert printed[-1] == "title='T1' author='A1'"
    function = driver.function(case, response_model=Shelf, json_mode=True)
    printed = list(map(str, driver.attempt(function).items))
    assert printed[0] == "books=[PartialBook(title=None, author=None)] best=None"
    assert printed[-1].endswith("best=PartialBook(title='T2', author=None)")


@pytest.mark.parametrize("agnostic", [False, True])
def test_tools_are_dumped_as_what_they_are_to_the_model(
    case: Case, server: Loopback, *, agnostic: bool
) -> None:
    server.queue = [Response.of_json(case.called_plain("get_author", EMMA))]

    @decorator(case, agnostic=agnostic, tools=[get_author, Find])
    def ask() -> str:
        return "Hi"

    response = ask()
    assert json.loads(response.model_dump_json())["tool_types"] == [
        {"type": "function", "name": "get_author"},
        {"type": "function", "name": "Find"},
    ]
    assert response.model_dump()["tool_types"] == response.tool_types


@pytest.mark.parametrize("agnostic", [False, True])
@pytest.mark.parametrize("deep", [False, True])
def test_responses_and_chunks_can_be_copied(
    case: Case, server: Loopback, *, agnostic: bool, deep: bool
) -> None:
    server.queue = [Response.of_json(case.plain("Emma")), Response(case.response("Emma"))]

    @decorator(case, agnostic=agnostic)
    def ask() -> str:
        return "Hi"

    @decorator(case, agnostic=agnostic, stream=True)
    def stream() -> str:
        return "Hi"

    response = ask()
    copied = response.model_copy(update={"metadata": {"tags": {"a"}}}, deep=deep)
    assert type(copied) is type(response)
    assert copied is not response
    assert (copied.content, copied.usage) == (response.content, response.usage)
    assert (copied.metadata, response.metadata) == ({"tags": {"a"}}, {})
    for chunk, _ in stream():
        again = chunk.model_copy(deep=deep)
        assert (type(again), again.content) == (type(chunk), chunk.content)


def test_a_stream_knows_the_class_of_its_response(case: Case, server: Loopback) -> None:
    server.queue = [Response(case.response("Emma"))]

    @case.call("m", stream=True)
    def ask() -> str:
        return "Hi"

    stream = ask()
    assert stream.call_response_type is not None
    list(stream)
    assert type(stream.construct_call_response()) is stream.call_response_type

    @case.call("m", stream=True, response_model=Book)
    def extract() -> str:
        return "Hi"

    assert extract().response_model is Book


@pytest.mark.parametrize("calling", [False, True], ids=["text", "tool"])
def test_a_message_always_has_content(
    case: Case, driver: Driver, server: Loopback, *, calling: bool
) -> None:
    whole = case.called_plain("get_author", EMMA) if calling else case.plain("Emma")
    steps = one_after_another(("get_author", EMMA)) if calling else ()
    events = case.tool_call_response(*steps) if calling else case.response("Emma")
    server.queue = [Response.of_json(whole), Response(events)]
    response = driver.call(driver.function(case, stream=False, tools=[get_author]))
    stream, _ = driver.call_and_read(driver.function(case, tools=[get_author]))
    if isinstance(response.message_param, dict) and case.name != "openai_responses":
        assert "content" in response.message_param
        assert "content" in stream.message_param
        assert stream.message_param["content"] is not None


def test_absent_thinking_is_none(server: Loopback, case: Case) -> None:
    server.queue = [Response.of_json(case.plain("Emma")), Response(case.response("Emma"))]

    @case.call("m")
    def ask() -> str:
        return "Hi"

    @case.call("m", stream=True)
    def stream() -> str:
        return "Hi"

    if case.name == "anthropic":
        response = ask()
        assert (response.thinking, response.signature) == (None, None)
        streamed = stream()
        list(streamed)
        assert (streamed.thinking, streamed.signature) == ("", "")
        whole = streamed.construct_call_response()
        assert (whole.thinking, whole.signature) == (None, None)


@ON_LLM
def test_the_fields_of_one_provider_are_dumped(
    case: Case, server: Loopback, *, agnostic: bool
) -> None:
    server.queue = [Response.of_json(case.plain("Emma")), Response(case.response("Emma"))]
    alone = {
        "anthropic": {"thinking": None, "signature": None},
        "gemini": {"thinking": None},
        "openai": {"audio": None, "audio_transcript": None},
    }.get(case.name, {})

    @decorator(case, agnostic=agnostic)
    def ask() -> str:
        return "Hi"

    @decorator(case, agnostic=agnostic, stream=True)
    def stream() -> str:
        return "Hi"

    response = ask()
    assert alone.items() <= response.model_dump().items()
    assert alone.items() <= json.loads(response.model_dump_json()).items()
    assert response.model_dump(include=alone) == alone
    assert not alone.keys() & response.model_dump(exclude=alone).keys()
    for chunk, _ in stream():
        assert ("audio" in chunk.model_dump()) is (case.name == "openai")


@ON_LLM
def test_a_tool_is_provider_agnostic_itself(
    case: Case, server: Loopback, *, agnostic: bool
) -> None:
    server.queue = [Response.of_json(case.called_plain("get_author", EMMA))]

    @decorator(case, agnostic=agnostic, tools=[get_author])
    def ask() -> str:
        return "Hi"

    tool = ask().tool
    common = llm.Tool(tool=tool)
    assert (common.args, common.id) == (tool.args, tool.id)
    assert (common.call(), common._name()) == ("the author of Emma", "get_author")
    for each in (tool, common, llm.Tool(tool), llm.Tool(Find(title="emma"))):
        assert isinstance(each, llm.Tool)
    assert issubclass(type(tool), llm.Tool)
    assert not isinstance(ask, llm.Tool)

    class Kept(BaseModel):
        tools: list[llm.Tool]

    assert Kept(tools=[tool]).tools == [tool]
