"""Never run: pyright and mypy read here what conversations yield."""

from __future__ import annotations

from typing import assert_type

from mirascope import BaseMessageParam, converse, llm
from mirascope.conversation import Conversation, history_of
from mirascope.core import openai
from mirascope.core.base import BaseTool

History = list[BaseMessageParam]


@llm.call("openai:gpt-4o-mini", stream=True)
def chat(history: History) -> History:
    return history


@openai.call("gpt-4o-mini", stream=True)
async def achat(history: History) -> History:
    return history


def approve(tool: BaseTool) -> bool | str:
    return tool.id is not None


async def aapprove(tool: BaseTool) -> bool:
    return bool(tool.args)


def sync_items() -> None:
    conversation = converse(chat, "Hello", approve=approve, max_rounds=3)
    assert_type(conversation, Conversation[llm.CallResponseChunk, llm.Tool])
    for chunk, tool in conversation:
        assert_type(chunk, llm.CallResponseChunk)
        assert_type(tool, llm.Tool | None)
    assert_type(conversation.messages, History)
    assert_type(history_of(conversation.to_json()), History)


async def async_items() -> None:
    conversation = converse(achat, [], approve=aapprove, concurrency=4, tool_timeout=1)
    async for chunk, tool in conversation:
        assert_type(chunk, openai.OpenAICallResponseChunk)
        assert_type(tool, openai.OpenAITool | None)
