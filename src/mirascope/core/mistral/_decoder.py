"""Mistral's way of the Chat Completions dialect.

The content of a message is a text, or a list of parts: texts, thinking (which is a list of parts
itself), references, sounds. In a stream, each event brings pieces of parts. A tool call comes
whole, in one event; its arguments are a text or an object, an id of ``"null"`` is none, and all
calls may have the same index. The usage comes with the finish reason. A generation that fails ends
with the finish reason ``error``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from mistralai.client.models import CompletionEvent
from typing_extensions import override

from mirascope.core._dialects.chat_completions import (
    ChatCompletionsDecoder,
    Choice,
    ChunkT,
)
from mirascope.core._wire.events import JSON, Delta, Record, ToolCall, id_or_none
from mirascope.core._wire.reply import Growing, Keep, grow, grown
from mirascope.core.base.call_response_chunk import record_of

if TYPE_CHECKING:
    from pydantic import BaseModel

_MERGED = ("text", "thinking")


class MistralChoice(Choice):
    """One choice so far, with the parts of its content once it is said to consist of parts."""

    __slots__ = ("_parts",)

    def __init__(self, keep: Keep) -> None:
        super().__init__(keep)
        self._parts: list[Growing] = []

    @override
    def add(self, choice: Record, said: Delta[Any]) -> None:
        delta = choice.get("delta")
        content = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(content, list):
            self._add_content(content)
        elif self._parts and said.content:
            self._add_text(said.content)
        super().add(choice, said)

    @override
    def add_rest(self, rest: dict[str, JSON]) -> None:
        """There is nothing else that a message has."""

    @override
    def response(self, index: int) -> dict[str, JSON]:
        response = super().response(index)
        if "logprobs" not in self._fields:
            del response["logprobs"]
        return response

    @override
    def message(self) -> dict[str, JSON]:
        return {
            "role": "assistant",
            "content": self._content(),
            "tool_calls": [_whole(call) for call in self.reply.kept_calls] or None,
        }

    def _add_content(self, content: list[JSON]) -> None:
        if self.reply.keeps_text:
            if not self._parts:
                self._add_text(self.reply.content)
            _add_parts(self._parts, content)

    def _add_text(self, text: str) -> None:
        if text:
            _add_parts(self._parts, [{"type": "text", "text": text}])

    def _content(self) -> JSON:
        parts = cast("list[JSON]", grown(self._parts))
        is_text = all(isinstance(part, dict) and part.get("type") == "text" for part in parts)
        return self.reply.content if is_text else parts


class MistralDecoder(ChatCompletionsDecoder[ChunkT]):
    """Reads one stream of Mistral."""

    choice_type = MistralChoice

    usage_follows = False

    @override
    def decode(self, record: Record, raw: BaseModel | bytes, out: list[ChunkT]) -> None:
        if isinstance(raw, CompletionEvent):  # which is what the SDK's own stream is made of
            record, raw = record_of(raw.data), raw.data
        super().decode(record, raw, out)


def in_dialect(choice: Record) -> Record:
    """Return a choice of a chunk with text, reasoning and tool calls where the dialect has them."""
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return choice
    content, calls = delta.get("content"), delta.get("tool_calls")
    if not calls and not isinstance(content, list):
        return choice
    said = dict(delta)
    if isinstance(content, list):
        said["content"], said["reasoning"] = texts_of(content)
    if isinstance(calls, list):
        said["tool_calls"] = _distinct([_call(call) for call in calls if isinstance(call, dict)])
    return {**choice, "delta": said}


def texts_of(content: JSON) -> tuple[str, str]:
    """Return the text and the reasoning of the content of a message or delta."""
    if not isinstance(content, list):
        return (content, "") if isinstance(content, str) else ("", "")
    text: list[str] = []
    reasoning: list[str] = []
    for part in content:
        if isinstance(part, dict):
            said = part.get("text")
            if part.get("type") == "text" and isinstance(said, str):
                text.append(said)
            elif part.get("type") == "thinking":
                reasoning.append(texts_of(part.get("thinking"))[0])
    return "".join(text), "".join(reasoning)


def _add_parts(into: list[Growing], parts: list[JSON]) -> None:
    """Add pieces of parts, each to the last part if that goes on.

    Thinking that is signed otherwise is another part: it is sent back as it was signed.
    """
    for piece in parts:
        if not isinstance(piece, dict):
            into.append(cast("Growing", piece))
            continue
        last = into[-1] if into else None
        if not isinstance(last, dict) or not _goes_on(last, piece):
            last = dict[str, Growing]()
            into.append(last)
        thinking = piece.get("thinking")
        if isinstance(thinking, list):
            inner = last.setdefault("thinking", [])
            _add_parts(cast("list[Growing]", inner), thinking)
        grow(last, {key: value for key, value in piece.items() if key != "thinking"})


def _goes_on(last: dict[str, Growing], piece: Record) -> bool:
    signature = piece.get("signature")
    signed_otherwise = signature and last.get("signature") not in (None, signature)
    kind = piece.get("type")
    return kind == last.get("type") and kind in _MERGED and not signed_otherwise


def _call(call: dict[str, JSON]) -> dict[str, JSON]:
    function = call.get("function")
    arguments = function.get("arguments") if isinstance(function, dict) else None
    if isinstance(function, dict) and isinstance(arguments, dict):
        call = {**call, "function": {**function, "arguments": json.dumps(arguments)}}
    return call


def _distinct(calls: list[dict[str, JSON]]) -> list[JSON]:
    """Number the calls of one event that neither id nor index tells apart."""
    if len(calls) > 1 and not all(id_or_none(call.get("id")) for call in calls):
        return [{**call, "index": number} for number, call in enumerate(calls)]
    return [*calls]


def _whole(call: ToolCall) -> JSON:
    return {
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
        "id": call.call_id,
        **({} if call.key is None else {"index": call.key}),
    }
