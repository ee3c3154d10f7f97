"""The provider-agnostic response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from typing_extensions import override

from mirascope.core._prompts.message_param import BaseMessageParam
from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._tools.tool import BaseTool
from mirascope.core._tools.tool_calls import ToolCallRecord
from mirascope.core._types import FinishReason, JsonableType, Usage
from mirascope.llm._delegating import delegating
from mirascope.llm._tool_messages import tool_messages
from mirascope.llm.tool import Tool


@delegating("_response", common=("messages", "user_message_param"))
class CallResponse(BaseCallResponse[BaseModel, Tool, BaseMessageParam]):
    """The response to a call, in a form that is the same for all providers.

    ``str(response)`` is its text. Its finish reasons, its usage and its messages are normalized.
    Every other attribute is that of the provider's response.

    Args:
        response: The provider's response.

    Example:
        >>> from mirascope import llm, testing
        >>> @llm.call("openai:gpt-4o-mini")
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with testing.provider() as provider:
        ...     provider.reply("Emma", usage=(5, 2))
        ...     response = recommend_book("classic")
        >>> response.content, response.usage.total_tokens, response.finish_reasons
        ('Emma', 7, ['stop'])
    """

    def __init__(self, response: BaseCallResponse[Any, Any, Any]) -> None:
        self._response = response

    @property
    @override
    def content(self) -> str:
        """The text; ``""`` if there is none."""
        return self._response.content

    @property
    @override
    def _reasoning(self) -> str:
        return self._response.reasoning

    @property
    @override
    def finish_reasons(self) -> list[FinishReason] | None:
        """Why the model stopped: stop, length, tool_calls or content_filter; else ``None``."""
        return self._response.common_finish_reasons

    @property
    @override
    def usage(self) -> Usage | None:
        """The token counts; ``None`` if the provider does not report them."""
        return self._response.common_usage

    @property
    @override
    def message_param(self) -> BaseMessageParam:
        """The response as a message that you can send to any provider."""
        return self._response.common_message_param

    @property
    @override
    def _tool_call_records(self) -> Sequence[ToolCallRecord]:
        return self._response._received_calls  # noqa: SLF001  # two classes of responses

    @override
    def model_copy(
        self, *, update: Mapping[str, object] | None = None, deep: bool = False
    ) -> CallResponse:
        """Return a copy, which wraps a copy of the provider's response."""
        return CallResponse(self._response.model_copy(update=update, deep=deep))

    @classmethod
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[BaseTool, JsonableType]]
    ) -> list[BaseMessageParam]:
        """Return messages with the outputs of tools, for any provider.

        Args:
            tools_and_outputs: Pairs of a tool and its output. Text is sent unchanged, other values
                are sent as JSON.
        """
        return tool_messages(tools_and_outputs)
