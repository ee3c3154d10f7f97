"""What type checkers see of tools."""

from __future__ import annotations

from typing import assert_type

from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionMessageFunctionToolCall

from mirascope.core import BaseTool, BaseToolKit, toolkit_tool
from mirascope.core._tools.tool_types import tool_types_of
from mirascope.core.openai import OpenAITool, OpenAIToolConfig


class FormatBook(BaseTool):
    """Formats a book."""

    title: str

    tool_config = OpenAIToolConfig(strict=True)

    def call(self) -> str:
        """Return the title."""
        return self.title


class Library(BaseToolKit):
    """A library."""

    @toolkit_tool
    def find(self, title: str) -> int:
        """Find a book."""
        return len(title)


def length(text: str) -> int:
    """Return the length of a text."""
    return len(text)


assert_type(FormatBook(title="Emma").call(), str)
assert_type(Library().find("Emma"), int)
assert_type(Library().create_tools(), list[type[BaseTool]])
assert_type(OpenAITool.type_from_fn(length), type[OpenAITool])
assert_type(OpenAITool.type_from_base_model_type(FormatBook), type[OpenAITool])
assert_type(OpenAITool.tool_schema(), ChatCompletionFunctionToolParam)
tools = tool_types_of([FormatBook, Library(), length], OpenAITool)
assert_type(tools, list[type[OpenAITool]])
assert_type(tools[0].from_arguments("{}", None).tool_call, ChatCompletionMessageFunctionToolCall)


class AskAuthor(BaseTool):
    """Asks an author."""

    question: str

    async def call(self) -> list[str]:
        """Return the question."""
        return [self.question]


async def call_tools(tool: OpenAITool) -> None:
    """A tool of a response has the return type of its class."""
    if isinstance(tool, FormatBook):
        assert_type(tool.call(), str)
        assert_type(tool.title, str)
    elif isinstance(tool, AskAuthor):
        assert_type(await tool.call(), list[str])
