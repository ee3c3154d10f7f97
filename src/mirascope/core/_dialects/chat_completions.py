"""The dialect of OpenAI's Chat Completions, which many servers speak.

Two rules of it are decided here. A record without a choice (the trailing usage, Azure's filter
results) is never an item of its own: users index ``choices[0]`` on every item. So the chunk that
tells the finish reason is held until the next record or the end, and tells the usage too. And the
answer is complete when every choice has a finish reason, or at ``[DONE]``; compatible servers leave
out either one. A plain response is a record like the others, with messages for deltas.

A provider that says some things its own way has its own `Choice`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, Generic, cast

from typing_extensions import TypeVar, override

from mirascope.core._dialects.content_parts import add_parts, only_text, texts_of
from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk, RawT, record_of
from mirascope.core._types import FinishReason as CommonFinishReason
from mirascope.core._wire.accumulator import Keep, MessageAccumulator
from mirascope.core._wire.deltas import Mergeable, freeze, freeze_fields, merge_delta
from mirascope.core._wire.error_reports import provider_error, reported
from mirascope.core._wire.events import (
    JSON,
    Delta,
    FinishT,
    ProviderError,
    Record,
    TokenCounts,
    ToolCall,
    ToolCallDelta,
    id_or_none,
    text_or_none,
)
from mirascope.core._wire.json_fields import fields, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

REASONING_FIELDS = ("reasoning_content", "reasoning")
"""Where compatible servers put the reasoning; the first that has text counts."""

_IN_REPLY = frozenset({"content", "tool_calls"})
_IN_CALL = frozenset({"function", "id", "index", "type"})
_IN_FUNCTION = frozenset({"arguments", "name"})
_FUNCTION = (None, "", "function")
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)
_IN_ENVELOPE = frozenset({"choices", "obfuscation"})
_IN_CHOICE = frozenset({"delta", "finish_reason", "index", "logprobs", "message", "text"})


COMMON_FINISH_REASONS: Mapping[str, CommonFinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}

ChunkT = TypeVar("ChunkT", bound="ChatCompletionsChunk[Any, Any]")


def _says_something(delta: Record) -> bool:
    return any(value for name, value in delta.items() if name != "role")


class ChatCompletionsChunk(BaseCallResponseChunk[RawT, FinishT]):
    """A chunk of a Chat Completions stream; its text is that of the first choice."""

    __slots__ = ("_usage",)

    _common_reasons = COMMON_FINISH_REASONS

    _usage: Record | None

    def _read(self, record: Record) -> None:
        self.content = self.reasoning = ""
        self.finish_reasons = None
        self.tool_calls = ()
        self._usage = self.tokens = None
        self.id = text_or_none(record.get("id"))
        self.model = text_or_none(record.get("model"))
        if usage := record.get("usage"):
            self.tell_usage(usage)
        choices = record.get("choices")
        if isinstance(choices, list):
            for choice in choices:
                if isinstance(choice, dict):
                    self._read_choice(choice)

    def _read_choice(self, choice: Record) -> None:
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            self.finish_reasons = [*(self.finish_reasons or ()), cast("FinishT", reason)]
        delta = choice.get("delta")
        if choice.get("index") or not isinstance(delta, dict):
            return
        content = delta.get("content")
        if isinstance(content, str):
            self.content = content
        elif isinstance(content, list):
            self.content, self.reasoning = texts_of(content)
        if len(delta) > 1 or not content:
            self.reasoning = reasoning_of(delta) or self.reasoning
            self.tool_calls = tool_calls_of(delta)

    @override
    def _has_other_output(self) -> bool:
        return any(
            _says_something(fields(choice.get("delta")))
            for choice in objects(fields(self._record).get("choices"))
        )

    def tell_usage(self, usage: JSON) -> None:
        """Take over the usage that a record tells."""
        if isinstance(usage, dict):
            self._usage = usage
            self.tokens = token_counts(usage)


class Choice:
    """One choice so far.

    Args:
        keep: How much of it to keep.

    Attributes:
        reply: What it adds up to.
    """

    __slots__ = ("_beside", "_in_parts", "_logprobs", "_parts", "reply")

    def __init__(self, keep: Keep) -> None:
        self.reply = MessageAccumulator(keep)
        self._beside: dict[str, JSON] = {}
        self._logprobs: dict[str, Mergeable] = {}
        self._parts: list[Mergeable] = []
        self._in_parts = 0

    def add(self, choice: Record, said: Delta[Any]) -> None:
        """Add what a record says of it, given as it is and as it was read."""
        reply = self.reply
        reply.add(said)
        if said.finish_reasons:
            reply.finish_reason = said.finish_reasons[0]
        logprobs = choice.get("logprobs")
        if logprobs and isinstance(logprobs, dict) and reply.keeps_all:
            merge_delta(self._logprobs, logprobs)
        if not _IN_CHOICE.issuperset(choice):
            self._add_beside(choice)
        delta = choice.get("delta")
        if isinstance(delta, dict) and (
            len(delta) > 1 or not said.content or delta["content"] is not said.content
        ):
            self._add_more(delta, said.content)

    def _add_beside(self, choice: Record) -> None:
        """Add what a choice has beside its delta: whole values, or lists of what is new."""
        for name in choice.keys() - _IN_CHOICE:
            value, before = choice[name], self._beside.get(name)
            if isinstance(value, list) and self.reply.keeps_all:
                if not isinstance(before, list):
                    self._beside[name] = before = list[JSON]()
                before.extend(value)
            else:
                self._beside[name] = value

    def _add_more(self, delta: Record, text: str) -> None:
        """Add what a delta has beside a text, reasoning and tool calls that are read already."""
        content = delta.get("content")
        if isinstance(content, list) and self.reply.keeps_text:
            self._add_text_to_parts(len(text))
            add_parts(self._parts, content)
        rest = {
            name: value
            for name, value in delta.items()
            if name != "role" and not (value and name in _IN_REPLY)
        }
        if rest:
            self.add_rest(rest)

    def _add_text_to_parts(self, ahead: int = 0) -> None:
        """Add the text that came since the last part, but not what is read ahead of it."""
        text = self.reply.content_from(self._in_parts)
        self._in_parts += len(text)
        if before := text[: len(text) - ahead]:
            add_parts(self._parts, [{"type": "text", "text": before}])

    def add_rest(self, rest: dict[str, JSON]) -> None:
        """Add the fields of a delta that are put together as they are."""
        self.reply.add_rest(rest)

    def response(self, index: int) -> dict[str, JSON]:
        """Return the choice as a plain call would have given it."""
        return {
            **self._beside,
            "index": index,
            "finish_reason": self.reply.finish_reason,
            "logprobs": freeze(self._logprobs) if self._logprobs else None,
            "message": self.message(),
        }

    def message(self) -> dict[str, JSON]:
        """Return its message."""
        reply = self.reply
        calls = reply.kept_calls
        message: dict[str, JSON] = {
            "role": "assistant",
            "content": None if calls or reply.rest else "",
            **freeze_fields(reply.rest),
        }
        if content := self._content():
            message["content"] = content
        if calls:
            message["tool_calls"] = [self.whole_call(call) for call in calls]
        return message

    def _content(self) -> JSON:
        if self._parts:
            self._add_text_to_parts()
        return self.reply.content if only_text(self._parts) else freeze(self._parts)

    def whole_call(self, call: ToolCall) -> dict[str, JSON]:
        """Return a tool call as a whole message has it."""
        return whole_tool_call(call)


def whole_tool_call(call: ToolCall) -> dict[str, JSON]:
    """Return a tool call as a whole message has it."""
    rest = freeze_fields(call.rest)
    function = {"name": call.name, "arguments": call.arguments, **fields(rest.pop("function", {}))}
    whole: dict[str, JSON] = {"id": call.call_id, "type": "function", "function": function, **rest}
    if whole["type"] != "function" and not (call.name or call.arguments):
        del whole["function"]
    return whole


class ChatCompletionsDecoder(Generic[ChunkT]):
    """Reads one stream: records in, chunks out, and the answer that they add up to.

    Args:
        chunk_type: The provider's chunk.
        keep: How much of the answer to keep.
    """

    ended = False  # `[DONE]` is nothing that is decoded
    usage_follows: ClassVar[bool] = True
    """Whether usage may come after the finish reason though some came with it."""

    choice_type: ClassVar[type[Choice]] = Choice
    """Adds up a choice; a server that says more than the dialect has its own."""

    def __init__(self, chunk_type: type[ChunkT], *, keep: Keep = "all") -> None:
        self._new_chunk = chunk_type.from_record
        self._keep: Keep = keep
        self._held: ChunkT | None = None
        self._envelope: dict[str, JSON] = {}
        self._usage: JSON = None
        self._choices: dict[int, Choice] = {0: self.choice_type(keep)}
        self._unfinished = {0}
        self.reply: MessageAccumulator = self._choices[0].reply
        self.id: str | None = None
        self.model: str | None = None
        self.tokens: TokenCounts | None = None
        self.unknown: Record | None = None

    def decode(self, record: Record, raw: BaseModel | bytes, out: list[ChunkT]) -> None:
        """Read one record and add the chunks that are now ready to ``out``.

        Raises:
            ProviderError: The record reports a failure.
        """
        choices = record.get("choices")
        if error := record.get("error"):
            raise self._failed(record, error)
        if not choices or not isinstance(choices, list):
            self._read_trailer(record)
            return
        first = choices[0] if isinstance(choices[0], dict) else {}
        if first.get("delta") is None and "message" in first:
            record = from_plain(record, choices)
            self.decode(record, json.dumps(record).encode(), out)
            self._unfinished.clear()  # a plain response is whole, with a finish reason or without
            return
        self._envelope.update(record)
        chunk = self._new_chunk(record, raw)
        if self.id is None or self.model is None:
            self.id, self.model = self.id or chunk.id, self.model or chunk.model
        if chunk.tokens is not None:
            self.tokens, self._usage = chunk.tokens, record.get("usage")
        if len(choices) == 1 and not first.get("index"):
            self._choices[0].add(first, chunk)
            if chunk.finish_reasons:
                self._finish(0, first)
        else:
            self._add_each(choices, chunk)
        if self._held is not None:
            self._follow(self._held, chunk)
            self.flush(out)
        if chunk.finish_reasons and (self.usage_follows or chunk.tokens is None):
            self._hold(chunk)
        else:
            out.append(chunk)

    def _hold(self, chunk: ChunkT) -> None:
        """Hold a chunk for the usage that may follow; it has what usage came before it."""
        self._held = chunk
        if chunk.tokens is None and self.tokens is not None:
            chunk.tell_usage(self._usage)

    def _follow(self, held: ChunkT, chunk: ChunkT) -> None:
        """Let a chunk after the end that has nothing else report how the response ended."""
        if not (chunk.finish_reasons or chunk.is_output):
            chunk.finish_reasons = held.finish_reasons
            chunk.tokens = chunk.tokens or held.tokens

    def flush(self, out: list[ChunkT]) -> None:
        """Let go of the chunk that was held for the usage."""
        if self._held is not None:
            out.append(self._held)
            self._held = None

    @property
    def complete(self) -> bool:
        """Whether the answer has come to its own end."""
        return not self._unfinished

    @property
    def finish_reasons(self) -> list[str] | None:
        """Why the choices ended, as far as they have."""
        reasons = (choice.reply.finish_reason for _, choice in sorted(self._choices.items()))
        return [reason for reason in reasons if reason] or None

    def response(self) -> dict[str, JSON]:
        """Return the ``chat.completion`` that a plain call would have given, as far as it came."""
        envelope = {k: v for k, v in self._envelope.items() if k not in _IN_ENVELOPE}
        return {
            **envelope,
            "id": self.id,
            "model": self.model,
            "object": "chat.completion",
            "choices": [choice.response(i) for i, choice in sorted(self._choices.items())],
            "usage": self._usage,
        }

    def _failed(self, record: Record, error: JSON) -> ProviderError:
        """Return the failure that a record reports.

        If it has a choice, the answer goes on, whatever was reported of its end.
        """
        if record.get("choices"):
            self._unfinished.add(0)
        return provider_error(dict(record), body=error)

    def _read_trailer(self, record: Record) -> None:
        self._envelope.update(record)
        self.id = self.id or text_or_none(record.get("id"))
        self.model = self.model or text_or_none(record.get("model"))
        usage = record.get("usage")
        if isinstance(usage, dict):
            self.tokens, self._usage = token_counts(usage), usage
            if self._held is not None:
                self._held.tell_usage(usage)
        elif "choices" not in record:
            if failed := reported(record):
                raise failed
            self.unknown = record

    def _finish(self, index: int, choice: Record) -> None:
        """Note that a choice has come to its end.

        Raises:
            ProviderError: That end is a failure.
        """
        if failed := failure(choice):
            raise failed
        self._unfinished.discard(index)

    def _add_each(self, choices: list[JSON], chunk: ChunkT) -> None:
        """Add what a record says of several choices, each read as if it were the only one."""
        for choice in choices:
            if not isinstance(choice, dict):
                continue
            told = choice.get("index")
            index = told if isinstance(told, int) else 0
            known = self._choices.get(index)
            if known is None:
                known = self._choices[index] = self.choice_type(self._keep)
                self._unfinished.add(index)
            said = self._new_chunk({"choices": [{**choice, "index": 0}]}, b"")
            known.add(choice, said)
            if said.finish_reasons:
                self._finish(index, choice)
            if said.tool_calls and not index:
                chunk.tool_calls, chunk.calls = said.tool_calls, said.calls


def failure(choice: Record) -> ProviderError | None:
    """Return the failure that the end of a choice reports, if it does."""
    if choice.get("finish_reason") != "error":
        return None
    if report := choice.get("error"):
        return provider_error(report, body=cast("JSON", choice))
    return ProviderError("the model failed", status=None, body=cast("JSON", choice), retryable=True)


def plain_failure(response: Any) -> ProviderError | None:
    """Return the failure that a choice of a plain response, an SDK's object, ended in."""
    for choice in response.choices or ():
        if choice.finish_reason == "error":
            return failure(record_of(choice))
    return None


def from_plain(record: Record, choices: list[JSON]) -> dict[str, JSON]:
    """Return a plain response as a record of a stream: its messages are deltas."""
    chunks = [_with_delta(choice) if isinstance(choice, dict) else choice for choice in choices]
    return {**record, "object": "chat.completion.chunk", "choices": chunks}


def _with_delta(choice: dict[str, JSON]) -> JSON:
    message = choice.pop("message", None)
    if isinstance(message, dict) and choice.get("delta") is None:
        calls = enumerate(objects(message.get("tool_calls")))
        indexed: list[JSON] = [{"index": index, **call} for index, call in calls]
        choice["delta"] = {**message, "tool_calls": indexed} if indexed else message
    return choice


def reasoning_of(message: Mapping[str, JSON]) -> str:
    """Return the reasoning that a delta or message has in a field of its own."""
    for field in REASONING_FIELDS:
        value = message.get(field)
        if value and isinstance(value, str):
            return value
    return ""


def tool_calls_of(delta: Record) -> tuple[ToolCallDelta, ...]:
    """Return the pieces of tool calls in a delta."""
    calls = delta.get("tool_calls")
    if not calls or not isinstance(calls, list):
        return ()
    return tuple(_tool_call(call) for call in calls if isinstance(call, dict))


def _tool_call(call: Record) -> ToolCallDelta:
    function = fields(call.get("function"))
    return ToolCallDelta(
        key=_index(call.get("index")),
        id=id_or_none(call.get("id")),
        name=text_or_none(function.get("name")),
        arguments=arguments_text(function.get("arguments")),
        rest=_rest_of_call(call, function),
    )


def _index(value: JSON) -> int | None:
    """Return the index of a tool call; some servers write it as a text or a float."""
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    return int(value) if isinstance(value, int | float) else None


def _rest_of_call(call: Record, function: Record) -> Record | None:
    """Return the fields of a tool call, and of its function, that have no place of their own."""
    kind = call.get("type")
    if _IN_CALL.issuperset(call) and _IN_FUNCTION.issuperset(function) and kind in _FUNCTION:
        return None
    rest = {name: value for name, value in call.items() if name not in _IN_CALL}
    if kind not in _FUNCTION:
        rest["type"] = kind
    inner = {name: value for name, value in function.items() if name not in _IN_FUNCTION}
    return {**rest, "function": inner} if inner else rest


def arguments_text(arguments: object) -> str:
    """Return the arguments of a tool call as JSON text; some servers send the object itself."""
    if isinstance(arguments, str):
        return arguments
    return json.dumps(arguments) if isinstance(arguments, dict) else ""


def token_counts(usage: Record) -> TokenCounts:
    """Return the token counts of a usage object in the common meaning."""
    details = usage.get("prompt_tokens_details")
    return TokenCounts(
        input=_count(usage.get("prompt_tokens")),
        output=_count(usage.get("completion_tokens")),
        cached=_count(details.get("cached_tokens")) if isinstance(details, dict) else None,
    )


def _count(value: JSON) -> int | None:
    return value if isinstance(value, int) else None
