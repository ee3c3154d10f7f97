"""OpenAI's Responses API, at the same server as its Chat Completions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from typing_extensions import override

from mirascope.testing._formats.chat_completions import error_type
from mirascope.testing._formats.openai import OpenAI
from mirascope.testing._formats.wire_format import (
    CREATED,
    JSONObject,
    Message,
    Reply,
    WireFormat,
    event,
    text_of,
)

_NOTHING: Final[JSONObject] = {"annotations": [], "logprobs": []}
_REASONS: Final = ("max_output_tokens", "content_filter")
_CALLS: Final = ("function_call", "custom_tool_call")
_OUTPUTS: Final = ("function_call_output", "custom_tool_call_output")


class OpenAIResponses(WireFormat):
    """The API."""

    name = "openai_responses"
    folder = OpenAI.name
    key_variable = OpenAI.key_variable
    url_variable = OpenAI.url_variable
    url_path = OpenAI.url_path
    path = "/responses"
    cancel_path = "/responses/([^/]+)/cancel"
    upstream = OpenAI.upstream
    other_variables = OpenAI.other_variables
    finish_reasons = {  # noqa: RUF012  # a ClassVar, as the base class declares
        "stop": "completed",
        "length": "max_output_tokens",
        "tool_calls": "completed",
        "content_filter": "content_filter",
    }

    @override
    def content(self, reply: Reply) -> Iterator[bytes]:
        begun = _response(reply, [], "in_progress")
        yield _event("response.created", response=begun)
        yield _event("response.in_progress", response=begun)
        for index, (item, pieces) in enumerate(_items(reply)):
            yield from _grow(index, item, pieces)

    @override
    def end(self, reply: Reply) -> Iterator[bytes]:
        whole = self.whole(reply)
        yield _event(f"response.{whole['status']}", response=whole)

    @override
    def whole(self, reply: Reply) -> JSONObject:
        reason = reply.finish_reason
        status = "incomplete" if reason in _REASONS else reason
        details = {"reason": reason} if reason in _REASONS else None
        given, made = reply.usage
        usage = {
            "input_tokens": given,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": made,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": given + made,
        }
        output = [item for item, _ in _items(reply)]
        return _response(reply, output, status) | {"incomplete_details": details, "usage": usage}

    @override
    def error_event(self, message: str, status: int) -> bytes:
        return _event("error", code=error_type(status), message=message, param=None)

    @override
    def error_body(self, message: str, status: int) -> JSONObject:
        error = {"message": message, "type": error_type(status), "param": None, "code": None}
        return {"error": error}

    @override
    def messages(self, body: JSONObject) -> list[Message]:
        given: str | list[JSONObject] = body.get("input", [])
        items = [{"role": "user", "content": given}] if isinstance(given, str) else given
        messages: list[Message] = []
        if instructions := body.get("instructions"):
            messages.append(Message("system", instructions))
        for item in items:
            kind, role = item.get("type", ""), item.get("role", "")
            if kind in _OUTPUTS:
                messages.append(Message("tool", text_of(item.get("output"))))
            elif kind in _CALLS and (not messages or messages[-1].role != "assistant"):
                messages.append(Message("assistant", ""))
            elif role:
                role = "system" if role == "developer" else role
                messages.append(Message(role, text_of(item.get("content"))))
        return messages


def _items(reply: Reply) -> Iterator[tuple[JSONObject, Iterable[str]]]:
    """Yield the output items, whole, each with the pieces in which it is streamed."""
    done = {"status": "completed"}
    if reply.reasoning:
        part = {"type": "summary_text", "text": "".join(reply.reasoning)}
        yield {"type": "reasoning", "id": "rs_1", "summary": [part], **done}, reply.reasoning
    if reply.text:
        text = "".join(reply.text)
        part = {"type": "output_text", "text": text, **_NOTHING}
        message = {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}
        yield {**message, **done}, reply.text
    for id_, name, pieces in reply.calls:
        call = {"call_id": id_, "name": name, "arguments": "".join(pieces)}
        yield {"type": "function_call", "id": f"fc_{id_}", **call, **done}, pieces


def _grow(index: int, item: JSONObject, pieces: Iterable[str]) -> Iterator[bytes]:
    """Yield the events of an item."""
    kind, parts, field = {
        "reasoning": ("reasoning_summary_text", "summary", "text"),
        "message": ("output_text", "content", "text"),
        "function_call": ("function_call_arguments", "", "arguments"),
    }[item["type"]]
    place: JSONObject = {"item_id": item["id"], "output_index": index}
    opened: JSONObject = {**item, "status": "in_progress", parts or field: [] if parts else ""}
    yield _event("response.output_item.added", output_index=index, item=opened)
    part_kind = f"response.{'reasoning_summary_part' if parts == 'summary' else 'content_part'}"
    if parts:
        place[f"{parts}_index"] = 0
        yield _event(f"{part_kind}.added", **place, part={**item[parts][0], "text": ""})
    for piece in pieces:
        yield _event(f"response.{kind}.delta", **place, delta=piece)
    yield _event(f"response.{kind}.done", **place, **{field: "".join(pieces)})
    if parts:
        yield _event(f"{part_kind}.done", **place, part=item[parts][0])
    yield _event("response.output_item.done", output_index=index, item=item)


def _event(kind: str, **fields: object) -> bytes:
    return event({"type": kind, **fields}, kind)


def _response(reply: Reply, output: list[JSONObject], status: str) -> JSONObject:
    head = {"id": "resp_1", "object": "response", "created_at": CREATED, "status": status}
    settings: JSONObject = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    return {**head, "error": None, "model": reply.model, "output": output, **settings}


FORMAT = OpenAIResponses()
