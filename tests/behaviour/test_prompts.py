"""Prompts that are sent: prompt classes, merged decorators and histories, with one provider."""

from __future__ import annotations

from typing import Any

import anyio

from mirascope.core import (
    BaseMessageParam,
    BasePrompt,
    Messages,
    merge_decorators,
    metadata,
    openai,
    prompt_template,
)
from mirascope.core.base import ToolCallPart, ToolResultPart


@prompt_template("SYSTEM: Shout.\nUSER: Recommend a {genre} book, {shouted}")
class BookPrompt(BasePrompt):
    genre: str

    @property
    def shouted(self) -> str:
        return self.genre.upper()


def test_a_prompt_class_runs_with_a_call_decorator() -> None:
    stream = BookPrompt(genre="x").run(openai.call("m", stream=True, client=_client()))
    assert stream.messages == [
        {"role": "system", "content": "Shout."},
        {"role": "user", "content": "Recommend a x book, X"},
    ]


def _client() -> Any:
    import openai as sdk  # noqa: PLC0415  # only this test needs the SDK

    return sdk.OpenAI(api_key="key")


def test_merged_decorators_make_an_async_call_of_a_prompt() -> None:
    librarian = merge_decorators(
        openai.call("m", stream=True, client=_async_client()),
        metadata({"tags": {"v1"}}),
        prompt_template("Recommend a {genre} book"),
    )

    @librarian()
    async def recommend(genre: str) -> None: ...

    stream = anyio.run(recommend, "fantasy")
    assert stream.messages == [{"role": "user", "content": "Recommend a fantasy book"}]
    assert stream.metadata == {"tags": {"v1"}}


def test_a_prompt_may_return_call_options_with_messages() -> None:
    @openai.call("m", stream=True, client=_client())
    @prompt_template()
    def recommend() -> Any:
        return {"messages": [Messages.User(["a", "b"])], "call_params": {"temperature": 0.5}}

    stream = recommend()
    texts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert stream.messages == [{"role": "user", "content": texts}]
    assert stream.call_kwargs["temperature"] == 0.5


def test_a_history_may_hold_a_tool_call_and_its_result() -> None:
    call = ToolCallPart(name="look", args={"at": 1}, id="c1")
    result = ToolResultPart(name="look", content="seen", id="c1")

    @openai.call("m", stream=True, client=_client())
    @prompt_template("MESSAGES: {history}\nUSER: And?")
    def ask(history: list[BaseMessageParam]) -> None: ...

    assert ask([Messages.Assistant(call), Messages.User([result])]).messages == [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"at": 1}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "seen"},
        {"role": "user", "content": "And?"},
    ]


def _async_client() -> Any:
    import openai as sdk  # noqa: PLC0415  # only this test needs the SDK

    return sdk.AsyncOpenAI(api_key="key")
