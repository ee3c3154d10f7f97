"""Amazon Bedrock's Converse and ConverseStream, as the tests see them.

Requests are signed with an access key, which they show, and its secret. botocore looks for
credentials on the network if the environment has none.
"""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from zlib import crc32

import botocore.session
from botocore.config import Config

from mirascope.core.bedrock import BedrockMessageParam
from mirascope.core.providers import load_provider
from mirascope.testing._formats.bedrock import Frame, frame
from mirascope.testing.conformance import (
    CallDelta,
    CallEnd,
    CallStart,
    Reasoning,
    Step,
    Text,
    call_id,
)
from mirascope.testing.loopback import Request
from support.cases import Case

os.environ |= {
    "AWS_SECRET_ACCESS_KEY": "a-secret-access-key",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

PRELUDE = struct.pack("!II", 33 * 2**20, 0)
CREDENTIAL = re.compile("Credential=([^/]+)/")


def block(kind: str, index: int, **fields: object) -> Frame:
    """Return the event of a content block."""
    return frame(kind, {**fields, "contentBlockIndex": index})


def delta(index: int, **delta: object) -> Frame:
    return block("contentBlockDelta", index, delta=delta)


def usage(input_tokens: int, output_tokens: int, **more: object) -> dict[str, object]:
    total = input_tokens + output_tokens
    counts = {"inputTokens": input_tokens, "outputTokens": output_tokens, "totalTokens": total}
    return {**counts, **more}


def message_stop(reason: str = "end_turn", **fields: object) -> Frame:
    return frame("messageStop", {"stopReason": reason, **fields})


def metadata(counts: dict[str, object] | None = None, **fields: object) -> Frame:
    return frame(
        "metadata", {"usage": counts or usage(3, 2), "metrics": {"latencyMs": 7}, **fields}
    )


def response_of(*content: dict[str, Any], reason: str = "end_turn") -> dict[str, Any]:
    """Return a plain response."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": reason,
        "usage": usage(3, 2),
        "metrics": {"latencyMs": 7},
    }


def steps(steps: Iterable[Step]) -> list[bytes]:
    """Return the events of steps; the index of a call is that of its block."""
    return [event for index, step in enumerate(steps, 1) for event in reported(index, step)]


def reported(index: int, step: Step) -> Iterator[bytes]:
    match step:
        case Text(text):
            yield from (delta(index, text=text), block("contentBlockStop", index))
        case Reasoning(text):
            yield delta(index, reasoningContent={"text": text})
            yield block("contentBlockStop", index)
        case CallStart(call, name):
            use = {"toolUseId": call_id(call), "name": name}
            yield block("contentBlockStart", 1000 + call, start={"toolUse": use})
        case CallDelta(call, arguments):
            yield delta(1000 + call, toolUse={"input": arguments})
        case CallEnd(call):
            yield block("contentBlockStop", 1000 + call)


def key_of(request: Request) -> str:
    found = CREDENTIAL.search(request.headers.get("authorization", ""))
    return found[1] if found else ""


@contextmanager
def client(url: str, key: str, **options: Any) -> Iterator[Any]:
    made = botocore.session.get_session().create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key="a-secret-access-key",
        config=Config(**options),
    )
    yield made
    made.close()


@asynccontextmanager
async def async_client(url: str, key: str, **options: Any) -> AsyncIterator[Any]:
    with client(url, key, **options) as made:
        yield made


def without_metadata(response: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def failure(kind: str, message: str) -> Frame:
    return frame(kind, {"message": message}, "exception")


BEDROCK = Case(
    provider=load_provider("bedrock"),
    sdk_package="builtins",  # botocore has dictionaries
    key_variable="AWS_ACCESS_KEY_ID",
    url_variable="AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    key_of=key_of,
    temperature_of=lambda body: body["inferenceConfig"]["temperature"],
    begin=[frame("messageStart", {"role": "assistant"})],
    keepalive=Frame(b"", b""),
    malformed=[frame("messageStop", data) for data in (b"{not json}", b"\xff\xfe")],
    text=lambda text: delta(0, text=text),
    reasoning=lambda text: delta(1, reasoningContent={"text": text}),
    end=lambda tokens_in, tokens_out: [
        block("contentBlockStop", 0),
        message_stop(),
        metadata(usage(tokens_in, tokens_out)),
    ],
    stop="end_turn",
    failure=failure("serviceUnavailableException", "The model is overloaded"),
    steps=steps,
    tool_stop="tool_use",
    called_plain=lambda name, arguments: response_of(
        {
            "toolUse": {
                "toolUseId": call_id(0),
                "name": name,
                "input": json.loads(arguments or "{}"),
            }
        },
        reason="tool_use",
    ),
    messages=list[BedrockMessageParam],
    plain=lambda text: response_of({"text": text}),
    comparable=without_metadata,
    model=None,
    client=client,
    async_client=async_client,
    retrying={"retries": {"total_max_attempts": 3, "mode": "standard"}},
    timeout=lambda seconds: {"timeout": seconds},
    error_body=lambda message: {"message": message},
    request_id_header="x-amzn-requestid",
    expected=lambda reading: reading,
    server_sent=False,
    unbounded=PRELUDE + struct.pack("!I", crc32(PRELUDE)),
    has_ids=False,
    client_per_loop=False,
)
