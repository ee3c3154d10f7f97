"""Ollama's native chat API (``/api/chat``): newline-delimited JSON over httpx, without an SDK.

    @llm.call("ollama-native:llama3.2", stream=True)     # by its name, or
    @mirascope_ollama.call("llama3.2", stream=True)      # as any provider's own decorator

The environment variables ``OLLAMA_HOST`` (a URL) and ``OLLAMA_API_KEY`` configure the client.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import httpx
from pydantic import BaseModel
from typing_extensions import override

from mirascope.core import providers as p


class Message(BaseModel):
    """The message of a response, or the newest part of it in a stream."""

    role: str = "assistant"
    content: str = ""
    thinking: str = ""
    tool_calls: list[p.FunctionCall] = []


class Usage(BaseModel):
    """The statistics of the last record: counts of tokens, and durations in nanoseconds."""

    prompt_eval_count: int | None = None
    eval_count: int | None = None
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_duration: int | None = None
    eval_duration: int | None = None


class Chat(Usage, extra="allow"):
    """A plain response, or one record of a stream: they have the same form."""

    model: str | None = None
    message: Message | None = None
    done: bool = False
    done_reason: str | None = None


class OllamaError(p.HTTPAPIError):
    """A failure that the API reports, or of the connection to it."""


OllamaMessage: TypeAlias = dict[str, Any]


def encode_message(message: p.BaseMessageParam) -> list[OllamaMessage]:
    """Return a message in the format of the API. Each tool result becomes a message."""
    results: list[OllamaMessage] = []
    encoded: OllamaMessage = {"role": message.role, "content": ""}
    for part in p.validate_roles(message, "Ollama"):
        if isinstance(part, p.TextPart):
            encoded["content"] += part.text
        elif isinstance(part, p.ImagePart):
            encoded.setdefault("images", []).append(p.base64_of(part.image))
        elif isinstance(part, p.ToolCallPart):
            function = {"name": part.name, "arguments": part.args or {}}
            encoded.setdefault("tool_calls", []).append({"id": part.id, "function": function})
        elif isinstance(part, p.ToolResultPart):
            result = {"tool_name": part.name, "tool_call_id": part.id, "content": part.content}
            results.append({"role": "tool", **result})
        else:
            raise p.unsupported(part, "Ollama")
    return results or [encoded]


OPTIONS = {name: name for name in p.CommonCallParams.__annotations__}
OPTIONS["max_tokens"] = "num_predict"


class OllamaCallParams(p.CommonCallParams, total=False):
    """The parameters of a request; the common ones become ``options``."""

    options: dict[str, Any]
    think: bool | str
    keep_alive: float | str
    timeout: float


def encode(
    model: str,
    messages: list[p.Message],
    call_params: Mapping[str, Any],
    *,
    streaming: bool,
    tools: Sequence[type[Any]],
    form: p.ResponseFormat | None,
) -> p.Arguments:
    """Return the body of a request."""
    options = {OPTIONS[name]: call_params[name] for name in call_params if name in OPTIONS}
    others = {name: call_params[name] for name in call_params if name not in OPTIONS}
    encoded = [encode_message(m) if isinstance(m, p.BaseMessageParam) else [m] for m in messages]
    return {
        "model": model,
        "messages": [each for several in encoded for each in several],
        "stream": streaming,
        **({"format": form.schema or "json"} if form else {}),
        **others,
        "options": {**options, **others.get("options", {})},
        **p.all_tools(tools, call_params),
    }


class OllamaTool(p.FunctionCallTool):
    """A tool call, with the arguments as its fields."""

    __provider__ = "ollama-native"


REASONS: Mapping[str, p.FinishReason] = {"stop": "stop", "length": "length"}


class OllamaCallResponseChunk(p.BaseCallResponseChunk[Chat, str]):
    """One record of a stream."""

    _raw_type = Chat
    _common_reasons = REASONS

    @override
    def _read(self, record: p.Record) -> None:
        message = p.fields(record.get("message"))
        self.content = p.text(message.get("content"))
        self.reasoning = p.text(message.get("thinking"))
        self.tool_calls = tuple(map(p.call_delta, p.objects(message.get("tool_calls"))))
        self.id, self.model = None, p.text_or_none(record.get("model"))
        reason = p.text(record.get("done_reason")) or "stop"
        self.finish_reasons = [reason] if record.get("done") else None
        counts = p.number(record.get("prompt_eval_count")), p.number(record.get("eval_count"))
        self.tokens = None if counts == (None, None) else p.TokenCounts(*counts)

    @property
    @override
    def usage(self) -> Usage | None:
        return Usage.model_validate(vars(self.chunk)) if self.tokens else None


class OllamaCallResponse(p.ChunkResponse[Chat, OllamaTool, OllamaMessage]):
    """A plain response."""

    _raw_type = Chat
    _chunk_type = OllamaCallResponseChunk
    message_format = p.CHAT_FORMAT
    encode_message = staticmethod(encode_message)

    @property
    @override
    def message_param(self) -> OllamaMessage:
        thinking = {"thinking": self.reasoning} if self.reasoning else {}
        return {**super().message_param, **thinking}


class OllamaDecoder(p.ChunkDecoder[OllamaCallResponseChunk]):
    """Adds up the records of a stream to those of a plain response."""

    @override
    def response(self) -> dict[str, p.JSON]:
        content, thinking = self.reply.content, self.reply.reasoning
        texts: dict[str, p.JSON] = {"role": "assistant", "content": content, "thinking": thinking}
        return {**self.record, "message": {**texts, "tool_calls": self.calls()}}


class OllamaStream(
    p.BaseStream[OllamaCallResponse, OllamaCallResponseChunk, OllamaTool, OllamaMessage]
):
    """A stream."""

    _framing = p.NDJSONDecoder
    _response_type = OllamaCallResponse

    @override
    def _new_decoder(self) -> OllamaDecoder:
        return OllamaDecoder(OllamaCallResponseChunk, keep=self.keep)


def settings() -> dict[str, Any]:
    """Return the arguments of a default client."""
    key, url = os.environ.get("OLLAMA_API_KEY"), os.environ.get("OLLAMA_HOST")
    return {
        "base_url": url or "http://localhost:11434",
        "headers": {"Authorization": f"Bearer {key}"} if key else {},
        "timeout": httpx.Timeout(600, connect=5),
    }


PROVIDER = p.Provider(
    name="ollama-native",
    errors=p.http_errors(OllamaError, httpx),
    client_types=(httpx.Client, httpx.AsyncClient),
    clients=p.http_clients(httpx, settings, env=("OLLAMA_HOST", "OLLAMA_API_KEY")),
    api=p.HTTPChatAPI[httpx.Client, httpx.AsyncClient, Chat]("/api/chat", Chat, OllamaError),
    encode=encode,
    supports_format=lambda form: form.model is not None,
    forces_tools=lambda _: False,  # the API has no parameter for that
    tool_type=OllamaTool,
    response_type=OllamaCallResponse,
    stream_type=OllamaStream,
)

call: p.Call[
    httpx.Client, httpx.AsyncClient, Chat, OllamaCallResponse, OllamaStream, OllamaCallParams
] = p.Call(PROVIDER)
