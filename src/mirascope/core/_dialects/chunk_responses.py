"""Responses of an API whose plain responses have the form of its streams' records.

What is read from a chunk is then read from a response by the same code.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Generic, cast

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypeVar, override

from mirascope.core._dialects.chat_completions.tools import FunctionTool
from mirascope.core._engine.decoder import SingleMessageDecoder
from mirascope.core._prompts.message_param import (
    BaseMessageParam,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.core._prompts.normalize import normalized
from mirascope.core._responses.call_arguments import MessageT
from mirascope.core._responses.call_response import BaseCallResponse, RawResponseT
from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk, SDKObject
from mirascope.core._tools.tool import name_of
from mirascope.core._tools.tool_calls import ToolCallRecord, ToolT, call_id, output_text
from mirascope.core._types import FinishReason, JsonableType
from mirascope.core._wire.accumulator import Keep
from mirascope.core._wire.error_reports import find_error
from mirascope.core._wire.events import JSON, Record, TokenCounts, ToolCallDelta, made_id
from mirascope.core._wire.function_calls import arguments_text
from mirascope.core._wire.json_fields import fields, id_or_none, parse_partial, text
from mirascope.core._wire.sdk_models import build_model

ChunkT = TypeVar("ChunkT", bound=BaseCallResponseChunk[Any, Any])


class CalledFunction(BaseModel):
    """The function of a `FunctionCall`.

    Attributes:
        name: The name of the tool.
        arguments: Its arguments by name.
    """

    name: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])


class FunctionCall(BaseModel):
    """A tool call whose arguments are an object.

    Attributes:
        id: The id of the call, ``""`` if it has none.
        function: The name and the arguments.
    """

    id: str = ""
    function: CalledFunction = Field(default_factory=CalledFunction)

    @classmethod
    def of(cls, call_id: str | None, name: str, arguments: str) -> FunctionCall:
        """Return a call with the JSON text of its arguments, which may be cut off."""
        decoded = dict[str, Any](fields(parse_partial(arguments)))
        return cls(id=call_id or "", function=CalledFunction(name=name, arguments=decoded))


class FunctionCallTool(FunctionTool):
    """A tool whose schema has the usual form, and whose call is a `FunctionCall`."""

    tool_call: SkipJsonSchema[FunctionCall]

    @override
    @classmethod
    def tool_schema(cls) -> dict[str, object]:
        """Return the tool for the API's ``tools=[...]``."""
        return {"type": "function", "function": cls.function_schema()}

    @override
    @classmethod
    def sdk_call(cls, call_id: str | None, name: str, arguments: str) -> FunctionCall:
        return FunctionCall.of(call_id, name, arguments)


class ChunkDecoder(SingleMessageDecoder, Generic[ChunkT]):
    """Reads a stream in which each record is one chunk and the finish reason is in the last.

    Args:
        chunk_type: The class of the chunks.
        keep: How much of the response to keep.

    Attributes:
        record: The fields of all records, the newest of each name.
    """

    id: str | None
    model: str | None
    tokens: TokenCounts | None

    def __init__(self, chunk_type: type[ChunkT], *, keep: Keep = "all") -> None:
        super().__init__(keep=keep)
        self._new_chunk = chunk_type.from_record
        self.record: dict[str, JSON] = {}

    def decode(self, record: Record, raw: BaseModel | bytes, out: list[ChunkT]) -> None:
        """Read one record and add its chunk to ``out``.

        Raises:
            ProviderError: The record reports a failure.
        """
        if failure := find_error(record):
            raise failure
        chunk = self._new_chunk(record, raw)
        self.record.update(record)
        self.reply.add(chunk)
        self.id, self.model = self.id or chunk.id, self.model or chunk.model
        if chunk.tokens is not None:
            self.tokens = chunk.tokens
        if chunk.finish_reasons:
            self.reply.finish_reason = chunk.finish_reasons[0]
            self.done = True
        out.append(chunk)

    def calls(self) -> list[JSON]:
        """Return the tool calls so far, as `FunctionCall` has them."""
        kept = self.reply.kept_calls
        return [FunctionCall.of(c.call_id, c.name, c.arguments).model_dump() for c in kept]

    @abstractmethod
    def response(self) -> dict[str, JSON]:
        """Return the record that a plain call would have received, as far as it is known."""


def call_delta(call: Record) -> ToolCallDelta:
    """Return the delta of a complete tool call that has the form of a `FunctionCall`."""
    function = fields(call.get("function"))
    name, arguments = text(function.get("name")), arguments_text(function.get("arguments"))
    return ToolCallDelta(None, id_or_none(call.get("id")), name, arguments)


class ChunkResponse(BaseCallResponse[RawResponseT, ToolT, MessageT]):
    """A response that is read as one chunk."""

    _chunk_type: ClassVar[type[BaseCallResponseChunk[Any, Any]]]

    @staticmethod
    @abstractmethod
    def encode_message(message: BaseMessageParam) -> list[Any]:
        """Return a normalized message as one or several of the provider's own."""

    @classmethod
    @override
    def raw(cls, record: Record) -> RawResponseT:
        return cast("RawResponseT", build_model(cls._raw_type, record))

    @cached_property
    def _chunk(self) -> BaseCallResponseChunk[Any, Any]:
        return self._chunk_type(self.response)

    @property
    @override
    def content(self) -> str:
        return self._chunk.content

    @property
    @override
    def _reasoning(self) -> str:
        return self._chunk.reasoning

    @property
    @override
    def finish_reasons(self) -> list[str] | None:
        return self._chunk.finish_reasons

    @property
    @override
    def common_finish_reasons(self) -> list[FinishReason] | None:
        return self._chunk.common_finish_reasons

    @property
    @override
    def model(self) -> str | None:
        return self._chunk.model

    @property
    @override
    def id(self) -> str | None:
        return self._chunk.id

    @property
    @override
    def usage(self) -> SDKObject | None:
        return self._chunk.usage

    @property
    @override
    def _tokens(self) -> TokenCounts | None:
        return self._chunk.tokens

    @cached_property
    def _records(self) -> list[ToolCallRecord]:
        return [
            ToolCallRecord(call.id or made_id(), call.name or "", call.arguments, extra=call.extra)
            for call in self._chunk.tool_calls
        ]

    @property
    @override
    def _tool_call_records(self) -> Sequence[ToolCallRecord]:
        return self._records

    @property
    @override
    def message_param(self) -> MessageT:
        """The response as a message that can be sent back in the next call."""
        calls = [_tool_call_part(call) for call in self._received_calls]
        parts: list[Part] = [TextPart(text=self.content), *calls]
        [encoded] = self.encode_message(normalized("assistant", parts))
        return cast("MessageT", encoded)

    @classmethod
    @override
    def tool_message_params(
        cls, tools_and_outputs: Sequence[tuple[ToolT, JsonableType]]
    ) -> list[MessageT]:
        results = [
            ToolResultPart(name=name_of(type(tool)), content=output_text(output), id=call_id(tool))
            for tool, output in tools_and_outputs
        ]
        message = BaseMessageParam(role="tool", content=results)
        return cls.encode_message(message) if results else []


def _tool_call_part(call: ToolCallRecord) -> ToolCallPart:
    args = dict[str, object](fields(parse_partial(call.arguments)))
    return ToolCallPart(name=call.name, args=args, id=call.id)
