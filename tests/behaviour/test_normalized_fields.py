"""Normalized fields: finish reasons, usage and cost are the same for every provider."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from typing import Any

import pytest
from anthropic.types import Message
from openai.types.chat import ChatCompletion
from support.cases import Case, Driver
from support.providers import CASES
from support.providers.anthropic import message
from support.providers.gemini import parts
from support.providers.openai import OPENAI, completion_chunk

from mirascope import core, llm
from mirascope.core import anthropic, base, gemini, openai
from mirascope.core.costs.calculate_cost import calculate_cost
from mirascope.testing.loopback import Loopback, Response

COMMON = {
    "anthropic": {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "tool_use": "tool_calls",
        "refusal": "content_filter",
        "pause_turn": None,
    },
    "cohere": {
        "COMPLETE": "stop",
        "STOP_SEQUENCE": "stop",
        "MAX_TOKENS": "length",
        "TOOL_CALL": "tool_calls",
        "NEW": None,
    },
    "bedrock": {
        "end_turn": "stop",
        "max_tokens": "length",
        "tool_use": "tool_calls",
        "guardrail_intervened": "content_filter",
        "new": None,
    },
    "gemini": {
        "STOP": "stop",
        "MAX_TOKENS": "length",
        "SAFETY": "content_filter",
        "RECITATION": "content_filter",
        "OTHER": None,
    },
    "groq": {
        "stop": "stop",
        "length": "length",
        "tool_calls": "tool_calls",
        "function_call": "tool_calls",
        "content_filter": "content_filter",
        "new": None,
    },
    "mistral": {
        "stop": "stop",
        "length": "length",
        "model_length": "length",
        "tool_calls": "tool_calls",
        "new": None,
    },
    "openai_responses": {
        "completed": "stop",
        "max_output_tokens": "length",
        "content_filter": "content_filter",
        "incomplete": None,
        "cancelled": None,
        "new": None,
    },
}
COMMON["openai"] = COMMON["groq"]
REASONS = [
    pytest.param(case, reason, common, id=f"{case.name}-{reason}")
    for case in CASES
    for reason, common in COMMON[case.family].items()
]


def ended(case: Case, reason: str) -> dict[str, Any]:
    """Return the JSON of a plain response that ended for a reason."""
    data = case.plain("Hello")
    if case.family == "anthropic":
        return data | {"stop_reason": reason}
    if case.family == "bedrock":
        return data | {"stopReason": reason}
    if case.family == "cohere":
        return data | {"finish_reason": reason}
    if case.family == "openai_responses":
        of_incomplete = reason in {"max_output_tokens", "content_filter"}
        details = {"reason": reason} if of_incomplete else None
        status = "incomplete" if of_incomplete else reason
        return data | {"status": status, "incomplete_details": details}
    choices = "candidates" if case.family == "gemini" else "choices"
    name = "finishReason" if case.family == "gemini" else "finish_reason"
    return data | {choices: [data[choices][0] | {name: reason}]}


@pytest.mark.parametrize(("case", "reason", "common"), REASONS)
def test_finish_reasons_are_normalized(
    case: Case, reason: str, common: str | None, server: Loopback
) -> None:
    server.queue = [Response.of_json(ended(case, reason))]
    response = Driver(asynchronous=False).function(case, stream=False)("fantasy")
    assert response.finish_reasons == [reason]
    assert response.common_finish_reasons == (None if common is None else [common])


def test_a_stream_and_its_chunks_report_the_same(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(case.response("Hel", "lo"))]
    stream, items = driver.call_and_read(driver.function(case))
    chunks = [chunk for chunk, _ in items]
    assert stream.common_finish_reasons == ["stop"]
    ended = [chunk.common_finish_reasons for chunk in chunks if chunk.finish_reasons]
    assert ended == [["stop"]] * len(ended)
    assert chunks[-1].common_finish_reasons == ["stop"]
    usage = base.Usage(input_tokens=3, cached_tokens=0, output_tokens=2, total_tokens=5)
    assert stream.common_usage == usage
    assert [c.common_usage for c in chunks if c.common_usage][-1] == usage
    metadata = base.CostMetadata(
        input_tokens=3, cached_tokens=stream.cached_tokens, output_tokens=2
    )
    assert stream.cost_metadata == metadata
    assert not stream.cached_tokens
    assert [c.cost_metadata for c in chunks if c.common_usage][-1] == metadata
    assert stream.cost is None


def test_nothing_is_reported_before_it_is_received(case: Case, server: Loopback) -> None:
    server.queue = [Response(case.response("Hello"))]
    stream = Driver(asynchronous=False).function(case)("fantasy")
    assert (stream.common_finish_reasons, stream.common_usage, stream.cost) == (None, None, None)
    assert stream.cost_metadata == base.CostMetadata()
    first, _ = next(iter(stream))
    assert first.common_finish_reasons is None


CALL = {"functionCall": {"name": "find", "args": {}}}


def gemini_answers(
    server: Loopback, monkeypatch: pytest.MonkeyPatch, *events: bytes
) -> tuple[Any, list[Any]]:
    monkeypatch.setenv("GEMINI_API_KEY", "key")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
    server.queue = [Response(list(events))]

    @gemini.call("requested-model", stream=True)
    def ask() -> str:
        return "Hello"

    stream = ask()
    return stream, [chunk for chunk, _ in stream]


@pytest.mark.parametrize(
    "events",
    [
        [parts(CALL, finishReason="STOP")],
        [parts(CALL), parts({"text": ""}, finishReason="STOP")],
    ],
    ids=["at-once", "before"],
)
def test_a_gemini_response_with_calls_ends_with_tool_calls(
    events: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback() as server:
        stream, chunks = gemini_answers(server, monkeypatch, *events)
    assert stream.finish_reasons == ["STOP"]
    assert stream.common_finish_reasons == ["tool_calls"]
    assert stream.construct_call_response().common_finish_reasons == ["tool_calls"]
    assert chunks[-1].common_finish_reasons == ["tool_calls" if len(chunks) == 1 else "stop"]


def test_a_gemini_response_that_is_cut_off_in_a_call_ends_with_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Loopback() as server:
        stream, _ = gemini_answers(server, monkeypatch, parts(CALL, finishReason="MAX_TOKENS"))
    assert stream.common_finish_reasons == ["length"]


MODELS = {
    "anthropic": ("claude-sonnet-4-5-20250929", 0.018),
    "bedrock": ("us.amazon.nova-lite-v1:0", 0.0003),
    "cohere": ("command-r-plus-08-2024", 0.0000125),  # it bills one token of the thousand
    "gemini": ("gemini-2.5-flash", 0.0028),
    "groq": ("llama-3.3-70b-versatile", 0.00138),
    "mistral": ("mistral-large-2411", 0.008),
    "openai": ("gpt-4o-mini-2024-07-18", 0.00075),
    "openai_responses": ("gpt-4o-mini-2024-07-18", 0.00075),
}


def recommend(genre: str) -> str:
    return genre


async def recommend_async(genre: str) -> str:
    return genre


def test_a_response_has_the_cost_of_its_tokens(
    case: Case, driver: Driver, server: Loopback
) -> None:
    model, price = MODELS[case.family]
    events = [*case.begin, case.text("Hi"), *case.end(1000, 1000)]
    server.queue = [
        Response([e.replace(b"the-model-that-answers", model.encode()) for e in events])
    ]
    function = recommend_async if driver.asynchronous else recommend
    asked = "requested-model" if case.model else model
    stream, items = driver.call_and_read(case.call(asked, stream=True)(function))
    assert stream.cost == pytest.approx(price)
    assert stream.construct_call_response().cost == pytest.approx(price)
    reported = [chunk.cost_metadata for chunk, _ in items]
    assert not stream.cached_tokens
    assert stream.cost_metadata in reported
    assert (stream.input_tokens, stream.output_tokens) == (1000, 1000)


def openai_response(**usage: object) -> openai.OpenAICallResponse:
    data = OPENAI.plain("Hello") | {"model": "gpt-4o-mini", "usage": usage}
    return openai.OpenAICallResponse(response=ChatCompletion.model_validate(data))


def anthropic_response(**usage: object) -> anthropic.AnthropicCallResponse:
    data = message([], "end_turn", model="claude-sonnet-4-5", usage=usage)
    return anthropic.AnthropicCallResponse(response=Message.model_validate(data))


def test_cached_tokens_are_cheaper() -> None:
    counts = {"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000}
    assert openai_response(**counts).cost == pytest.approx(0.00015)
    cached = openai_response(**counts, prompt_tokens_details={"cached_tokens": 1000})
    assert cached.cost == pytest.approx(0.000075)
    assert cached.common_usage is not None
    assert cached.common_usage.cached_tokens == cached.cost_metadata.cached_tokens == 1000


def test_tokens_that_anthropic_writes_to_its_cache_cost_more() -> None:
    plain = anthropic_response(input_tokens=1000, output_tokens=0)
    read = anthropic_response(input_tokens=0, output_tokens=0, cache_read_input_tokens=1000)
    written = anthropic_response(input_tokens=0, output_tokens=0, cache_creation_input_tokens=1000)
    assert plain.cost == pytest.approx(0.003)
    assert read.cost == pytest.approx(0.0003)
    assert written.cost == pytest.approx(0.00375)


@pytest.mark.parametrize(("tokens", "cached"), [(-1, 0), (1, 2)])
def test_an_invalid_usage_has_no_cost(tokens: int, cached: int) -> None:
    counts = {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}
    assert openai_response(**counts, prompt_tokens_details={"cached_tokens": cached}).cost is None


@pytest.mark.parametrize("start_time", [1e300, -1e18])
def test_an_invalid_start_time_is_no_error(start_time: float) -> None:
    response = openai_response(prompt_tokens=1000, completion_tokens=0, total_tokens=1000)
    response.start_time = start_time
    assert response.cost is None


@pytest.mark.parametrize("calculate", [core.calculate_cost, llm.calculate_cost, calculate_cost])
def test_a_cost_is_calculated_from_given_usage(calculate: Any) -> None:
    used = base.CostMetadata(input_tokens=1000, output_tokens=1000.0)
    assert calculate("openai", "gpt-4o-mini", used) == pytest.approx(0.00075)
    assert calculate(provider="google", model="gemini-2.5-flash", metadata=used) == calculate(
        "gemini", "gemini-2.5-flash", used
    )
    cached = used.model_copy(update={"cached_tokens": 1000})
    assert calculate("openai", "gpt-4o-mini", cached) == pytest.approx(0.000675)
    assert calculate("openai", "gpt-4o-mini", base.CostMetadata(cost=0.5)) == 0.5


@pytest.mark.parametrize(
    "lacking",
    [
        None,
        base.CostMetadata(),
        base.CostMetadata(input_tokens=1),
        base.CostMetadata(input_tokens=1, output_tokens=1, batch_mode=True),
        base.CostMetadata(input_tokens=1, output_tokens=1, realtime_mode=True),
        base.CostMetadata(input_tokens=-1, output_tokens=1),
    ],
)
def test_an_unknown_cost_is_none(lacking: base.CostMetadata | None) -> None:
    assert calculate_cost("openai", "gpt-4o-mini", lacking) is None
    full = base.CostMetadata(input_tokens=1, output_tokens=1)
    assert calculate_cost("openai", "no-such-model", full) is None
    nobody: Any = "nobody"
    with pytest.raises(ValueError, match="no prices for the provider 'nobody'"):
        calculate_cost(nobody, "m", full)


PROGRAM = """
import sys
if "absent" in sys.argv:
    sys.modules["genai_prices"] = None
from mirascope.core import openai
from openai.types.chat import ChatCompletion
assert sys.modules.get("genai_prices") is None
usage = {"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000}
message = {"role": "assistant", "content": "Hi"}
response = openai.OpenAICallResponse(response=ChatCompletion.model_validate({
    "id": "1", "object": "chat.completion", "created": 0, "model": "gpt-4o-mini", "usage": usage,
    "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
}))
def forbid(event, args):
    if event.startswith("socket."):
        raise AssertionError(event)
sys.addaudithook(forbid)
print(response.cost)
"""


@pytest.mark.parametrize(("presence", "reported"), [("present", "0.00015"), ("absent", "None")])
def test_the_price_list_is_loaded_on_demand_and_nothing_is_fetched(
    presence: str, reported: str
) -> None:
    program = [sys.executable, "-W", "error", "-c", PROGRAM, presence]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (reported, "")


def test_an_openai_stream_has_audio(monkeypatch: pytest.MonkeyPatch) -> None:
    audio = [
        {"id": "audio-1", "data": b64encode(b"one").decode(), "transcript": "A"},
        {"data": b64encode(b"two").decode(), "transcript": "B"},
    ]
    with Loopback() as server:
        monkeypatch.setenv("OPENAI_API_KEY", "key")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        said = [completion_chunk({"audio": piece}) for piece in audio]
        server.queue = [Response([completion_chunk({"content": ""}), *said, *OPENAI.end(1, 1)])]
        stream = openai.call("gpt-4o-audio-preview", stream=True)(recommend)("fantasy")
        assert stream.audio_id is None
        chunks = [chunk for chunk, _ in stream]
    assert [chunk.audio for chunk in chunks] == [None, b"one", b"two", None]
    assert [chunk.audio_transcript for chunk in chunks] == [None, "A", "B", None]
    assert stream.audio_id == "audio-1"
    assert stream.construct_call_response().audio == b"onetwo"
    assert stream.message_param.get("audio") == {"id": "audio-1"}


def test_an_openai_response_has_audio() -> None:
    data = OPENAI.plain("")
    sound = {"id": "audio-1", "data": b64encode(b"one").decode(), "transcript": "A"}
    data["choices"][0]["message"] |= {"audio": sound | {"expires_at": 1}}
    response = openai.OpenAICallResponse(response=ChatCompletion.model_validate(data))
    assert (response.audio, response.audio_transcript) == (b"one", "A")
    assert response.message_param.get("audio") == {"id": "audio-1"}
    silent = openai_response(prompt_tokens=1, completion_tokens=1, total_tokens=2)
    assert (silent.audio, silent.audio_transcript, silent.audio_id) == (None, None, None)
    assert "audio" not in silent.message_param
