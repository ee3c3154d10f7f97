"""The provider passes the tests of the built-in providers: run ``pytest``."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
from mirascope_ollama import PROVIDER

from mirascope.testing import conformance
from mirascope.testing.conformance import Reasoning, Step, Text


def chat(**message: object) -> dict[str, Any]:
    message = {"role": "assistant", "content": "", **message}
    return {"model": "llama3.2", "message": message, "done": False}


def ended(record: dict[str, Any], tokens_in: int, tokens_out: int) -> dict[str, Any]:
    counts = {"prompt_eval_count": tokens_in, "eval_count": tokens_out}
    return {**record, "done": True, "done_reason": "stop", **counts}


def called(call: int, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": json.loads(arguments or "{}")}
    return chat(tool_calls=[{"id": conformance.call_id(call), "function": function}])


def line(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


def steps(steps: Iterable[Step]) -> Iterator[bytes]:
    for step in conformance.with_whole_calls(steps):
        match step:
            case Text(text):
                yield line(chat(content=text))
            case Reasoning(text):
                yield line(chat(thinking=text))
            case _:
                yield line(called(*step))


OLLAMA = conformance.Case(
    provider=PROVIDER,
    url_variable="OLLAMA_HOST",
    text=lambda text: line(chat(content=text)),
    end=lambda tokens_in, tokens_out: [line(ended(chat(), tokens_in, tokens_out))],
    plain=lambda text: ended(chat(content=text), 3, 2),
    model="llama3.2",
    reasoning=lambda text: line(chat(thinking=text)),
    steps=steps,
    called_plain=lambda name, arguments: ended(called(0, name, arguments), 3, 2),
    whole_calls=True,
    tool_stop="stop",
    keepalive=b"\n",
    failure=b'{"error": {"message": "The model is overloaded", "status": 503}}\n',
    request_id_header="x-request-id",
    key_variable="OLLAMA_API_KEY",
    needs_key=False,
    client=lambda url, key: httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}),
    async_client=lambda url, key: httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {key}"}
    ),
)


class TestOllama(conformance.Conformance):
    case = OLLAMA
