"""Amazon Bedrock's Converse and ConverseStream."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final, Self, SupportsIndex
from urllib.parse import unquote
from zlib import crc32

from typing_extensions import Buffer, override

from mirascope.testing._formats.wire_format import JSONObject, Message, Reply, WireFormat, text_of

_PRELUDE: Final = struct.Struct("!III")
_TYPES: Final = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}


class Frame(bytes):
    """A frame of a binary event stream.

    Args:
        headers: The headers.
        payload: The payload.

    Attributes:
        payload: The same.
    """

    _headers: bytes
    payload: bytes

    def __new__(cls, headers: bytes, payload: bytes) -> Self:
        """Return the frame, with its lengths and checksums."""
        prelude = struct.pack("!II", len(headers) + len(payload) + 16, len(headers))
        prelude += struct.pack("!I", crc32(prelude))
        frame = prelude + headers + payload
        self = super().__new__(cls, frame + struct.pack("!I", crc32(frame)))
        self._headers, self.payload = headers, payload
        return self

    @override
    def replace(self, old: Buffer, new: Buffer, count: SupportsIndex = -1, /) -> Frame:
        """Return the frame with a part of its payload replaced."""
        return self.with_payload(self.payload.replace(old, new, count))

    def with_payload(self, payload: bytes) -> Frame:
        """Return the frame with another payload."""
        return Frame(self._headers, payload)

    @property
    def is_exception(self) -> bool:
        """Whether it reports an error."""
        return b":exception-type" in self._headers


def frames(body: bytes) -> Iterator[Frame]:
    """Yield the complete frames that a body begins with; none if it is text."""
    start = 0
    while len(body) - start >= _PRELUDE.size:
        total, size, checksum = _PRELUDE.unpack_from(body, start)
        if crc32(body[start : start + 8]) != checksum or len(body) - start < total:
            break
        payload = start + _PRELUDE.size + size
        yield Frame(body[start + _PRELUDE.size : payload], body[payload : start + total - 4])
        start += total


def frame(kind: str, payload: object, message_type: str = "event") -> Frame:
    """Return a frame with JSON.

    Args:
        kind: The type of the event or exception.
        payload: The payload; bytes as they are.
        message_type: ``"event"`` or ``"exception"``.
    """
    headers = {
        f":{message_type}-type": kind,
        ":content-type": "application/json",
        ":message-type": message_type,
    }
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Frame(b"".join(_header(*each) for each in headers.items()), data)


def _header(name: str, value: str) -> bytes:
    return (
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", 7, len(value))
        + (value.encode())
    )


class Bedrock(WireFormat):
    """The API."""

    name = "bedrock"
    key_variable = "AWS_SECRET_ACCESS_KEY"
    url_variable = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
    path = r"/model/[^/]+/converse(-stream)?"
    upstream = "https://bedrock-runtime.us-east-1.amazonaws.com"
    host = "bedrock-runtime*.amazonaws.com"
    other_variables = (
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
    )
    constants = {"AWS_ACCESS_KEY_ID": "AKIATESTS", "AWS_REGION": "us-east-1"}  # noqa: RUF012  # a ClassVar, as the base class declares
    finish_reasons = {  # noqa: RUF012  # the same
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "content_filter": "content_filtered",
    }

    @override
    def content(self, reply: Reply) -> Iterator[bytes]:
        yield frame("messageStart", {"role": "assistant"})
        for index, (start, deltas) in enumerate(_blocks(reply)):
            if start:
                yield _block("contentBlockStart", index, start=start)
            for delta in deltas:
                yield _block("contentBlockDelta", index, delta=delta)
            yield _block("contentBlockStop", index)

    @override
    def end(self, reply: Reply) -> Iterator[bytes]:
        yield frame("messageStop", {"stopReason": reply.finish_reason})
        yield frame("metadata", {"usage": _usage(reply), "metrics": {"latencyMs": 1}})

    @override
    def whole(self, reply: Reply) -> JSONObject:
        content: list[JSONObject] = []
        if reply.reasoning:
            text = {"text": "".join(reply.reasoning)}
            content.append({"reasoningContent": {"reasoningText": text}})
        if reply.text:
            content.append({"text": "".join(reply.text)})
        for id_, name, arguments in reply.calls:
            call = {"toolUseId": id_, "name": name, "input": json.loads("".join(arguments))}
            content.append({"toolUse": call})
        return {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": reply.finish_reason,
            "usage": _usage(reply),
            "metrics": {"latencyMs": 1},
        }

    @override
    def error_event(self, message: str, status: int) -> bytes:
        kind = _TYPES.get(status, "InternalServerException")
        return frame(kind[0].lower() + kind[1:], {"message": message}, "exception")

    @override
    def error_body(self, message: str, status: int) -> JSONObject:
        return {"__type": _TYPES.get(status, "InternalServerException"), "message": message}

    @override
    def messages(self, body: JSONObject) -> list[Message]:
        system = text_of(body.get("system"))
        read = [each for message in body.get("messages", ()) for each in _read(message)]
        return [*([Message("system", system)] if system else ()), *read]

    @override
    def model(self, path: str, body: JSONObject) -> str:
        return unquote(path.split("/")[-2])

    @override
    def is_streamed(self, path: str, body: JSONObject) -> bool:
        return path.endswith("-stream")

    @override
    def tools(self, body: JSONObject) -> list[str]:
        tools = body.get("toolConfig", {}).get("tools", ())
        return [tool.get("toolSpec", tool).get("name", "") for tool in tools]


def _read(message: JSONObject) -> Iterator[Message]:
    """Yield a message, and before it the outputs of tools that it holds."""
    parts: list[dict[str, Any]] = message.get("content", [])
    outputs = [part["toolResult"] for part in parts if "toolResult" in part]
    yield from (Message("tool", text_of(output.get("content"))) for output in outputs)
    others = [part for part in parts if not part.keys() & {"toolResult", "toolUse"}]
    if others or not outputs:
        shown = [part if "text" in part else {"type": next(iter(part))} for part in others]
        yield Message(message.get("role", ""), text_of(shown))


def _blocks(reply: Reply) -> Iterator[tuple[JSONObject, Iterable[JSONObject]]]:
    """Yield the content blocks: what opens each, if anything does, and its deltas."""
    if reply.reasoning:
        yield {}, [{"reasoningContent": {"text": piece}} for piece in reply.reasoning]
    if reply.text:
        yield {}, [{"text": piece} for piece in reply.text]
    for id_, name, arguments in reply.calls:
        start = {"toolUse": {"toolUseId": id_, "name": name}}
        yield start, [{"toolUse": {"input": piece}} for piece in arguments]


def _block(kind: str, index: int, **fields: object) -> bytes:
    return frame(kind, {**fields, "contentBlockIndex": index})


def _usage(reply: Reply) -> JSONObject:
    given, made = reply.usage
    return {"inputTokens": given, "outputTokens": made, "totalTokens": given + made}


FORMAT = Bedrock()
