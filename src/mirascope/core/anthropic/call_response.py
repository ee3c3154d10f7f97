"""The whole answer of an Anthropic model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from anthropic.types import AssistantMessageParam, Message, MessageParam, StopReason, Usage
from typing_extensions import override

from mirascope.core._wire.events import JSON, TokenCounts
from mirascope.core._wire.fields import text
from mirascope.core.anthropic._common import common_message
from mirascope.core.anthropic.call_response_chunk import COMMON_FINISH_REASONS, token_counts
from mirascope.core.anthropic.tool import AnthropicTool
from mirascope.core.base.call_response import BaseCallResponse
from mirascope.core.base.call_response_chunk import record_of


@dataclass(kw_only=True, repr=False, eq=False)
class AnthropicCallResponse(BaseCallResponse[Message, AnthropicTool, MessageParam]):
    """The whole answer of an Anthropic model; ``response`` is the SDK's ``Message``.

    The SDK builds messages unvalidated, so of an unfinished one any field can be ``None``.
    """

    provider = "anthropic"
    _common = COMMON_FINISH_REASONS
    _raw_type = Message
    _common_message = staticmethod(common_message)

    @property
    @override
    def content(self) -> str:
        return "".join(self._texts("text", "text"))

    @property
    @override
    def reasoning(self) -> str:
        return "".join(self._texts("thinking", "thinking"))

    @property
    def thinking(self) -> str:
        """The text of the model's thinking, ``""`` if there is none."""
        return self.reasoning

    @property
    def signature(self) -> str:
        """The signature of the last block of thinking, ``""`` if there is none."""
        return next((s for s in reversed([*self._texts("thinking", "signature")]) if s), "")

    @property
    @override
    def finish_reasons(self) -> list[StopReason] | None:
        reason = self.response.stop_reason
        return [reason] if reason else None

    @property
    @override
    def usage(self) -> Usage | None:
        return cast("Usage | None", self.response.usage)

    @property
    @override
    def message_param(self) -> AssistantMessageParam:
        """The answer as a message that can be sent back in the next call, block for block.

        Empty texts are left out, because the API refuses them.
        """
        blocks = [record_of(block) for block in self.response.content or ()]
        sent_back = [b for b in blocks if b.get("type") != "text" or b.get("text")]
        return cast("AssistantMessageParam", {"role": "assistant", "content": sent_back})

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return token_counts(record_of(self.usage)) if self.usage else None

    def _texts(self, kind: str, field: str) -> Iterator[str]:
        for block in self.response.content or ():
            if block.type == kind:
                yield text(cast("JSON", getattr(block, field, None)))
