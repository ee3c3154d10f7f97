"""Tools, chunks, streams and responses that code of v1 builds by itself, of the SDK's objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import anyio
import pytest
from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    ChatCompletionMessageFunctionToolCall,
)
from openai.types.chat.chat_completion import Choice as CompletionChoice
from openai.types.chat.chat_completion_chunk import Choice, ChoiceDelta
from openai.types.chat.chat_completion_message_function_tool_call import Function

from mirascope import BaseTool
from mirascope.core import (
    BaseStream,
    openai,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


BOOK = {"title": "Emma", "author": "Austen"}


def list_books(genre: str) -> list[str]:
    """Lists the books of a genre.

    Args:
        genre: The genre of the books.
    """
    return [f"a {genre} book", "another"]


class FormatBook(openai.OpenAITool):
    """Formats a book."""

    title: str
    author: str

    def call(self) -> str:
        return f"{self.title} by {self.author}"


CALL = ChatCompletionMessageFunctionToolCall(
    id="call_1",
    type="function",
    function=Function(name="FormatBook", arguments='{"title": "Emma", "author": "Austen"}'),
)


def a_chunk(content: str, finish_reason: Any = None) -> openai.OpenAICallResponseChunk:
    choice = Choice(delta=ChoiceDelta(content=content), index=0, finish_reason=finish_reason)
    chunk = ChatCompletionChunk(
        id="id", choices=[choice], created=0, model="gpt-4o", object="chat.completion.chunk"
    )
    return openai.OpenAICallResponseChunk(chunk=chunk)


def a_stream(items: Any, tools: list[Any] | None) -> openai.OpenAIStream:
    return openai.OpenAIStream(
        stream=items,
        metadata={},
        tool_types=tools,
        call_response_type=openai.OpenAICallResponse,
        model="gpt-4o",
        prompt_template="Format {title}",
        fn_args={"title": "Emma"},
        dynamic_config=None,
        messages=[{"role": "user", "content": "Format Emma"}],
        call_params={},
        call_kwargs={"model": "gpt-4o", "messages": [{"role": "user", "content": "Format Emma"}]},
    )


def test_a_tool_made_by_hand() -> None:
    tool = FormatBook.from_tool_call(CALL)
    assert (tool.tool_call, tool.call(), tool.args) == (CALL, "Emma by Austen", BOOK)
    assert FormatBook(tool_call=CALL, title="Emma", author="Austen") == tool
    assert FormatBook.tool_schema()["function"]["name"] == "FormatBook"
    listing = openai.OpenAITool.type_from_fn(list_books).tool_schema()
    assert "The genre of the books" in json.dumps(listing)
    partial = CALL.model_copy(update={"function": Function(name="FormatBook", arguments='{"ti')})
    assert FormatBook.from_tool_call(partial, allow_partial=True).author is None
    with pytest.raises(ValueError, match="FormatBook"):
        FormatBook.from_tool_call(partial)


def test_a_stream_made_by_hand_of_chunks_and_tools() -> None:
    tool = FormatBook.from_tool_call(CALL)

    def generator() -> Iterator[Any]:
        yield a_chunk("Let me "), None
        yield a_chunk("see."), tool
        yield a_chunk("", "tool_calls"), None

    stream = a_stream(generator(), [FormatBook])
    assert (stream.user_message_param, stream.content) == (stream.messages[-1], "")
    assert [tool for _, tool in stream] == [None, tool, None]
    assert stream.message_param == {
        "role": "assistant",
        "content": "Let me see.",
        "tool_calls": [CALL.model_dump()],
    }
    response = stream.construct_call_response()
    assert response.tools == [tool]
    assert response.finish_reasons == stream.finish_reasons == ["tool_calls"]
    assert stream.tool_message_params([(tool, tool.call())]) == [
        {
            "role": "tool",
            "content": "Emma by Austen",
            "tool_call_id": "call_1",
            "name": "FormatBook",
        }
    ]


def test_a_stream_made_by_hand_async_with_partial_tools() -> None:
    class Note(BaseTool):
        text: str

        def call(self) -> str:
            return self.text

    so_far = Note.model_construct(text="a", delta="a")

    async def generator() -> AsyncIterator[Any]:
        for item in [(a_chunk(""), so_far), (a_chunk(""), Note(text="ab")), (a_chunk("!"), None)]:
            await anyio.lowlevel.checkpoint()
            yield item

    async def main() -> list[Any]:
        stream = a_stream(generator(), None)
        texts = [tool and tool.call() async for _, tool in stream]
        (call,) = stream.message_param.get("tool_calls") or ()
        assert call.pop("id")  # the tool has none, so one is made
        return [*texts, call]

    function = {"name": "Note", "arguments": '{"text":"ab"}'}
    call = {"type": "function", "function": function}
    assert anyio.run(main) == ["a", "ab", None, call]


def test_a_response_made_by_hand() -> None:
    message = ChatCompletionMessage(role="assistant", content="Emma", tool_calls=[CALL])
    choice = CompletionChoice(message=message, index=0, finish_reason="stop")
    response = openai.OpenAICallResponse(
        metadata={},
        response=ChatCompletion(
            id="id",
            choices=[choice],
            created=0,
            model="gpt-4o",
            object="chat.completion",
            usage=CompletionUsage(prompt_tokens=3, completion_tokens=2, total_tokens=5),
        ),
        tool_types=[FormatBook],
        prompt_template="",
        fn_args={},
        dynamic_config=None,
        messages=[{"role": "user", "content": "Hi"}],
        call_params={},
        call_kwargs={"model": "gpt-4o", "messages": []},
        user_message_param={"role": "user", "content": "Hi"},
        start_time=0,
        end_time=1,
    )
    assert (str(response), response.finish_reasons, response.id) == ("Emma", ["stop"], "id")
    assert response.tool == FormatBook.from_tool_call(CALL)
    assert response.usage is not None
    assert (response.usage.total_tokens, response.cached_tokens) == (5, None)
    assert response.user_message_param == {"role": "user", "content": "Hi"}


def test_a_stream_class_has_the_type_parameters_of_v1() -> None:
    eleven = tuple(type(f"Parameter{n}", (), {}) for n in range(11))
    response, chunk, _, assistant, tool_message, message, tool, *_, finish_reason = eleven
    alias = cast("Any", BaseStream)[eleven]
    assert alias.__args__ == (
        *(response, chunk, tool, message, finish_reason, assistant),
        tool_message,
    )
