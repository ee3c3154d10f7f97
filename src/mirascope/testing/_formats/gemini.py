"""Gemini's generateContent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from typing_extensions import override

from mirascope.testing._formats.wire_format import (
    JSONObject,
    Message,
    Reply,
    WireFormat,
    event,
    text_of,
)

_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class Gemini(WireFormat):
    """The API."""

    name = "gemini"
    key_variable = "GOOGLE_API_KEY"
    url_variable = "GOOGLE_GEMINI_BASE_URL"
    path = r"/.*:(?:generateContent|streamGenerateContent)"
    upstream = "https://generativelanguage.googleapis.com"
    other_variables: ClassVar[tuple[str, ...]] = (
        "GEMINI_API_KEY",
        "GOOGLE_CLOUD_LOCATION",
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_GENAI_API_VERSION",
        "GOOGLE_GENAI_USE_ENTERPRISE",
        "GOOGLE_GENAI_USE_VERTEXAI",
    )
    finish_reasons = {  # noqa: RUF012  # a ClassVar, as the base class declares
        "stop": "STOP",
        "length": "MAX_TOKENS",
        "tool_calls": "STOP",
        "content_filter": "SAFETY",
    }

    @override
    def content(self, reply: Reply) -> Iterator[bytes]:
        yield from (event(_response(reply, part)) for part in _parts(reply))

    @override
    def end(self, reply: Reply) -> Iterator[bytes]:
        yield event(_response(reply, finished=True))

    @override
    def whole(self, reply: Reply) -> JSONObject:
        joined = Reply(
            reasoning=["".join(reply.reasoning)] if reply.reasoning else (),
            text=["".join(reply.text)] if reply.text else (),
            calls=reply.calls,
        )
        return _response(reply, *_parts(joined), finished=True)

    @override
    def error_event(self, message: str, status: int) -> bytes:
        return event(self.error_body(message, status))

    @override
    def error_body(self, message: str, status: int) -> JSONObject:
        name = _STATUSES.get(status, "INTERNAL")
        return {"error": {"code": status, "message": message, "status": name}}

    @override
    def messages(self, body: JSONObject) -> list[Message]:
        system = body.get("systemInstruction")
        first = [Message("system", text_of(system.get("parts")))] if system else []
        return [*first, *(read for content in body.get("contents", ()) for read in _read(content))]

    @override
    def model(self, path: str, body: JSONObject) -> str:
        found = re.search(r"/models/([^/:?]+):", path)
        return found[1] if found else ""

    @override
    def is_streamed(self, path: str, body: JSONObject) -> bool:
        return ":streamGenerateContent" in path

    @override
    def tools(self, body: JSONObject) -> list[str]:
        groups = body.get("tools") or ()
        return [tool["name"] for group in groups for tool in group.get("functionDeclarations", ())]


def _read(content: Mapping[str, Any]) -> Iterator[Message]:
    """Yield a content, and before it the outputs of tools that it holds."""
    parts = content.get("parts", ())
    outputs = [part["functionResponse"] for part in parts if "functionResponse" in part]
    for output in outputs:
        response = output.get("response", {})
        values = [response[key] for key in ("output", "error", "result") if key in response]
        yield Message("tool", _output(values[0] if values else response))
    others = [p for p in parts if "functionResponse" not in p and "functionCall" not in p]
    if others or not outputs:
        role = "assistant" if content.get("role") == "model" else content.get("role", "")
        yield Message(role, text_of(others))


def _output(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _parts(reply: Reply) -> Iterator[JSONObject]:
    yield from ({"text": piece, "thought": True} for piece in reply.reasoning)
    yield from ({"text": piece} for piece in reply.text)
    for id_, name, arguments in reply.calls:
        yield {"functionCall": {"id": id_, "name": name, "args": json.loads("".join(arguments))}}


def _response(reply: Reply, *parts: JSONObject, finished: bool = False) -> JSONObject:
    candidate: JSONObject = {"index": 0}
    if parts:
        candidate["content"] = {"parts": list(parts), "role": "model"}
    response: JSONObject = {"candidates": [candidate]}
    if finished:
        given, made = reply.usage
        candidate["finishReason"] = reply.finish_reason
        counts = {"promptTokenCount": given, "candidatesTokenCount": made}
        response["usageMetadata"] = {**counts, "totalTokenCount": given + made}
    return {**response, "modelVersion": reply.model, "responseId": "response-1"}


FORMAT = Gemini()
