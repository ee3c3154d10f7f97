"""One chunk of a Responses stream: the content of one event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from typing_extensions import override

from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk, RawT
from mirascope.core._responses.chunk_parts import (
    AudioDelta,
    Citation,
    HostedToolEvent,
    ImageDelta,
    decoded,
)
from mirascope.core._types import FinishReason as CommonReason
from mirascope.core._wire.events import TokenCounts, ToolCallDelta
from mirascope.core._wire.function_calls import arguments_text
from mirascope.core._wire.json_fields import fields, id_or_none, number, objects, text, text_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mirascope.core._responses.chunk_parts import ChunkPart
    from mirascope.core._wire.events import Record

FinishReason: TypeAlias = Literal[
    "completed", "max_output_tokens", "content_filter", "incomplete", "cancelled", "failed"
]
"""The status of a response that has ended; of an incomplete one, the reason."""

COMMON_FINISH_REASONS: Final[Mapping[str, CommonReason]] = {
    "completed": "stop",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
}
_ENDS: Final = frozenset({"completed", "incomplete", "cancelled", "failed"})
_PENDING: Final = frozenset({"", "queued", "in_progress"})
_READ: Final = frozenset({"type", "call_id", "name", "arguments", "input", "status"})
_OUTPUT: Final = (".delta", ".partial_image")
_USERS: Final = ("function_call", "custom_tool_call")
"""How the names of calls and events of the user's own tools begin."""


class ResponsesChunk(BaseCallResponseChunk[RawT, FinishReason]):
    """A chunk of a Responses stream."""

    __slots__ = ("_calls_tools",)

    _common_reasons = COMMON_FINISH_REASONS

    _calls_tools: bool
    """Set on the last chunk only."""

    def _read(self, record: Record) -> None:
        self.content = self.reasoning = ""
        self.finish_reasons = self.id = self.model = self.tokens = self._usage = None
        self.tool_calls = ()
        kind = record.get("type")
        if kind == "response.output_text.delta":
            self.content = text(record.get("delta"))
        elif kind in {"response.reasoning_summary_text.delta", "response.reasoning_text.delta"}:
            self.reasoning = text(record.get("delta"))
        elif kind == "response.function_call_arguments.delta":
            arguments = text(record.get("delta"))
            self.tool_calls = (
                ToolCallDelta(number(record.get("output_index")), None, None, arguments),
            )
        elif kind == "response.output_item.added":
            item = fields(record.get("item"))
            if item.get("type") == "function_call":
                self.tool_calls = (call_delta(item, number(record.get("output_index"))),)
        elif response := fields(record.get("response")):
            self._read_response(response, text(kind).removeprefix("response."))

    def _read_response(self, response: Record, event: str) -> None:
        """Read the fields of the response as a whole, but not its output."""
        self.id = text_or_none(response.get("id"))
        self.model = text_or_none(response.get("model"))
        usage = response.get("usage")
        if usage and isinstance(usage, dict):
            self._usage = usage
            self.tokens = token_counts(usage)
        if event in _ENDS:  # whatever the status: some servers send none, or an old one
            self.finish_reasons = [finish_reason(response) or cast("FinishReason", event)]
            self._calls_tools = calls_tools(objects(response.get("output")))

    def set_calls_tools(self) -> None:
        """Set that the response calls tools, which the event itself does not have."""
        self._calls_tools = True

    @override
    def _has_other_output(self) -> bool:
        record = fields(self._record)
        return text(record.get("type")).endswith(_OUTPUT) and bool(
            record.get("delta") or record.get("partial_image_b64")
        )

    @override
    def _other_parts(self, record: Record) -> Iterator[ChunkPart]:
        kind = text(record.get("type")).removeprefix("response.")
        index = number(record.get("output_index"))
        if kind in {"output_item.added", "output_item.done"}:
            yield from self._parts_of(fields(record.get("item")), index)
        elif kind == "output_text.annotation.added":
            yield from _citations([fields(record.get("annotation"))])
        elif kind == "image_generation_call.partial_image":
            yield _image(record, "partial_image_b64", partial=True)
        elif kind == "audio.delta":
            yield AudioDelta(decoded(record.get("delta")), None)
        elif kind == "audio.transcript.delta":
            yield AudioDelta(b"", None, text(record.get("delta")))
        elif _is_hosted(kind.partition(".")[0]):
            call_id = text_or_none(record.get("item_id"))
            yield HostedToolEvent(kind, _hosted_name(kind), call_id, index, record)
        elif record.get("sequence_number", 0) is None:  # a plain response, which no event precedes
            for position, item in enumerate(objects(fields(record.get("response")).get("output"))):
                yield from self._parts_of(item, position)
                for part in objects(item.get("content")):
                    yield from _citations(objects(part.get("annotations")))

    def _parts_of(self, item: Record, index: int | None) -> Iterator[ChunkPart]:
        kind, name = text(item.get("type")), text_or_none(item.get("name"))
        if item.get("result") and kind == "image_generation_call":
            yield _image(item, "result", partial=False)
        if _is_hosted(kind) or (kind == "custom_tool_call" and not self.tool_calls):
            call_id = text_or_none(item.get("id"))
            yield HostedToolEvent(kind, name or _hosted_name(kind), call_id, index, item)

    @property
    @override
    def common_finish_reasons(self) -> list[CommonReason] | None:
        calls_tools = getattr(self, "_calls_tools", False)
        return common_reasons(super().common_finish_reasons, calls_tools=calls_tools)


def _is_hosted(kind: str) -> bool:
    """Return whether an item or event of this type is of a tool that the server runs."""
    return ("_call" in kind or kind.startswith("mcp_")) and not kind.startswith(_USERS)


def _hosted_name(kind: str) -> str:
    """Return the name of the tool that an item or event of this type is of."""
    return kind.partition(".")[0].partition("_call")[0]


def _image(record: Record, data: str, *, partial: bool) -> ImageDelta:
    media_type = f"image/{text(record.get('output_format')) or 'png'}"
    return ImageDelta(decoded(record.get(data)), media_type, partial=partial)


def _citations(annotations: Iterable[Record]) -> Iterator[Citation]:
    for each in annotations:
        if "citation" in text(each.get("type")):
            title = text_or_none(each.get("title")) or text_or_none(each.get("filename"))
            yield Citation(text_or_none(each.get("url")), title, None, each)


def call_delta(item: Record, index: int | None) -> ToolCallDelta:
    """Return a function call, as far as an item has it, as one delta."""
    return ToolCallDelta(
        key=index,
        id=id_or_none(item.get("call_id")),
        name=text_or_none(item.get("name")),
        arguments=arguments_text(item.get("arguments")),
        extra={name: value for name, value in item.items() if name not in _READ} or None,
    )


def finish_reason(response: Record) -> FinishReason | None:
    """Return the finish reason of a response; ``None`` if it has not ended."""
    status = text(response.get("status"))
    if status == "incomplete":
        status = text(fields(response.get("incomplete_details")).get("reason")) or status
    return None if status in _PENDING else cast("FinishReason", status)


def calls_tools(output: Iterable[Record]) -> bool:
    """Return whether output items call a function, or end with a call of a custom tool.

    Where a server calls custom tools of its own, its text follows them.
    """
    kinds = [item.get("type") for item in output]
    return "function_call" in kinds or kinds[-1:] == ["custom_tool_call"]


def common_reasons(
    reasons: list[CommonReason] | None, *, calls_tools: bool
) -> list[CommonReason] | None:
    """Return normalized finish reasons; the API's own do not show that tools are called."""
    return ["tool_calls"] if calls_tools and reasons == ["stop"] else reasons


def token_counts(usage: Record) -> TokenCounts:
    """Return the token counts of a usage object, normalized."""
    return TokenCounts(
        input=number(usage.get("input_tokens")),
        output=number(usage.get("output_tokens")),
        cached=number(fields(usage.get("input_tokens_details")).get("cached_tokens")),
    )
