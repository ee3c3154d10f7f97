"""The tests of a provider find what is wrong with one: a defect each, put into the example."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases import Driver
from support.fixtures import only_everywhere

from mirascope.core import providers as p
from mirascope.testing import conformance
from mirascope.testing.conformance import (
    CallDelta,
    CallEnd,
    CallStart,
    Reasoning,
    Text,
    _deadlines,
    _leaving,
    strategies,
)
from mirascope.testing.loopback import Loopback

pytest_plugins = ("pytester",)

EXAMPLE = Path(__file__).parents[2] / "examples" / "provider"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(EXAMPLE)
    patch.syspath_prepend(EXAMPLE / "tests")
    import mirascope_ollama as example
    from test_mirascope_ollama import OLLAMA

PROVIDER = example.PROVIDER


@pytest.fixture
def case() -> conformance.Case:
    return OLLAMA


def decoding(decoder: type[example.OllamaDecoder]) -> p.Provider[Any, Any, Any, Any, Any]:
    """Return the provider with another decoder."""

    class Stream(example.OllamaStream):
        def _new_decoder(self) -> example.OllamaDecoder:
            return decoder(example.OllamaCallResponseChunk, keep=self.keep)

    return replace(PROVIDER, stream_type=Stream)


def sending(api: type[p.HTTPChatAPI[Any, Any, Any]]) -> p.Provider[Any, Any, Any, Any, Any]:
    """Return the provider with other requests."""
    return replace(PROVIDER, api=api("/api/chat", example.Chat, example.OllamaError))


def reading(chunk: type[example.OllamaCallResponseChunk]) -> p.Provider[Any, Any, Any, Any, Any]:
    """Return the provider with another class of chunks, for streams and plain responses."""

    class Response(example.OllamaCallResponse):
        _chunk_type = chunk

    class Stream(example.OllamaStream):
        _response_type = Response

        def _new_decoder(self) -> example.OllamaDecoder:
            return example.OllamaDecoder(chunk, keep=self.keep)

    return replace(PROVIDER, stream_type=Stream, response_type=Response)


class DropsTheLastChunk(example.OllamaDecoder):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.held: list[Any] = []

    def decode(self, record: Any, raw: Any, out: list[Any]) -> None:
        out += self.held
        self.held = []
        super().decode(record, raw, self.held)


class IsAlwaysComplete(example.OllamaDecoder):
    @property
    def is_complete(self) -> bool:
        return True


class SwallowsErrors(example.OllamaDecoder):
    def decode(self, record: Any, raw: Any, out: list[Any]) -> None:
        if "error" not in record:
            super().decode(record, raw, out)


class LosesItsText(example.OllamaDecoder):
    def response(self) -> dict[str, Any]:
        response = super().response()
        return {**response, "message": {**response["message"], "content": ""}}


class Chunk(example.OllamaCallResponseChunk):
    def _read(self, record: p.Record) -> None:
        super()._read(record)
        self.spoil()

    def spoil(self) -> None: ...


class LosesTheUsage(Chunk):
    def spoil(self) -> None:
        self.tokens = None


class TakesReasoningForText(Chunk):
    def spoil(self) -> None:
        self.content += self.reasoning


class LosesTheCalls(Chunk):
    def spoil(self) -> None:
        self.tool_calls = ()


class TakesAnythingForOutput(Chunk):
    @property
    def is_output(self) -> bool:
        return True


class LeavesTheConnectionOpen(p.HTTPChatAPI[Any, Any, Any]):
    def open(self, client: Any, arguments: Any) -> Any:
        source = super().open(client, arguments)
        source.close = lambda: None
        return source


class KnowsNoSecrets(p.HTTPChatAPI[Any, Any, Any]):
    def secrets(self, client: Any) -> tuple[str, ...]:  # noqa: ARG002
        return ()


class RetriesByItself(p.HTTPChatAPI[Any, Any, Any]):
    def open(self, client: Any, arguments: Any) -> Any:
        try:
            return super().open(client, arguments)
        except example.OllamaError:
            return super().open(client, arguments)


class ReadsAllAtOnce(p.HTTPChatAPI[Any, Any, Any]):
    def open(self, client: Any, arguments: Any) -> Any:
        source = super().open(client, arguments)
        whole = iter([b"".join(source)])

        class Whole(type(source)):
            def __iter__(self) -> Iterator[bytes]:
                return whole

        source.__class__ = Whole
        return source


class ForgetsHalfALine(p.NDJSONDecoder):
    def feed(self, block: bytes) -> Any:
        return [line for line in block.split(b"\n") if line.startswith(b"{") and line[-1:] == b"}"]


class ForgetfulStream(example.OllamaStream):
    _framing = ForgetsHalfALine


def without_results(model: str, messages: Any, params: Any, **options: Any) -> Any:
    arguments = example.encode(model, messages, params, **options)
    arguments["messages"] = [each for each in arguments["messages"] if each["role"] != "tool"]
    return arguments


class ForgetfulResponse(example.OllamaCallResponse):
    @property
    def message_param(self) -> Any:
        return {"role": "assistant", "content": ""}


class AnswersByHeart(example.OllamaStream):
    _response_type = ForgetfulResponse


@dataclass
class Defect:
    provider: p.Provider[Any, Any, Any, Any, Any]
    test: Callable[..., None]
    problem: str
    given: dict[str, Any] = field(default_factory=dict)


NO_CONNECTIONS = replace(PROVIDER.errors, connections=())
TEST = conformance.Conformance
NO_VARIABLES = p.http_clients(httpx, example.settings, env=())

DEFECTS = {
    "the last chunk is dropped": Defect(
        decoding(DropsTheLastChunk),
        TEST.test_a_streamed_response_is_received_whole,
        "no chunk has a finish reason: a chunk's `_read` sets `finish_reasons`",
    ),
    "truncation is ignored": Defect(
        decoding(IsAlwaysComplete),
        TEST.test_a_response_without_its_end_is_truncated,
        "nothing is raised, not StreamTruncated: .*the decoder's `is_complete`",
    ),
    "truncation is ignored, wherever": Defect(
        decoding(IsAlwaysComplete),
        TEST.test_a_response_that_breaks_off_anywhere_is_never_silently_short,
        "the text of a stream that does not fail is '.*', not 'The Name of the Wind'",
    ),
    "the connection stays open": Defect(
        sending(LeavesTheConnectionOpen),
        TEST.test_stopping_closes_the_connection,
        "the connection stays open after a stream is left by_break: `Source.close`",
        {"leave": _leaving.by_break},
    ),
    "errors are swallowed": Defect(
        decoding(SwallowsErrors),
        TEST.test_an_error_inside_a_stream_is_raised,
        "StreamTruncated .* is raised, not Overloaded: the decoder raises `ProviderError`",
    ),
    "the usage is lost": Defect(
        reading(LosesTheUsage),
        TEST.test_a_streamed_response_is_received_whole,
        r"output tokens of the chunks is \[\], not \[2\]: a chunk's `_read` sets `tokens`",
    ),
    "the text of a response is lost": Defect(
        decoding(LosesItsText),
        TEST.test_a_finished_stream_is_the_response_of_a_plain_call,
        "the raw response of a stream is .*: the decoder's `response",
    ),
    "reasoning is text": Defect(
        reading(TakesReasoningForText),
        TEST.test_a_streamed_response_is_received_whole,
        "the text of the chunks is 'HmmHello world', not 'Hello world'",
    ),
    "half a line is forgotten": Defect(
        replace(PROVIDER, stream_type=ForgetfulStream),
        TEST.test_any_text_is_received_whole_however_it_is_cut,
        "a response that is complete|`Stream._framing` keeps what is not a whole record",
    ),
    "calls are lost": Defect(
        reading(LosesTheCalls),
        TEST.test_a_tool_is_yielded_with_the_chunk_that_completes_it,
        r"the tools is \[\], not \['FormatBook'\]: a chunk's `_read` sets `tool_calls`",
    ),
    "outputs of tools are not sent": Defect(
        replace(PROVIDER, encode=without_results),
        TEST.test_tool_outputs_can_be_sent_back,
        "'The Name of the Wind by Rothfuss' is not in the second request: `Provider.encode`",
    ),
    "responses are not sent back": Defect(
        replace(PROVIDER, stream_type=AnswersByHeart),
        TEST.test_a_response_can_be_sent_back,
        "the request lacks a message, or their order is another",
    ),
    "keys are shown": Defect(
        sending(KnowsNoSecrets),
        TEST.test_a_key_that_the_provider_repeats_is_redacted,
        r"the message is .*: `ChatAPI.secrets` returns the keys",
    ),
    "connection errors are not mapped": Defect(
        replace(PROVIDER, errors=NO_CONNECTIONS),
        TEST.test_no_server_is_a_connection_error,
        r"ConnectError .* is raised, not StreamConnectionError: `SDKErrors.connections`",
        {"stream": False},
    ),
    "retries multiply": Defect(
        sending(RetriesByItself),
        TEST.test_a_request_is_retried_max_retries_times,
        "the number of requests is 6, not 3: .*`ChatAPI.without_retries`",
    ),
    "keep-alives are output": Defect(
        reading(TakesAnythingForOutput),
        TEST.test_keep_alives_are_no_first_output,
        "StreamTruncated .* is raised, not StreamTimeout",
    ),
    "the environment is read once": Defect(
        replace(PROVIDER, clients=NO_VARIABLES),
        TEST.test_the_default_client_follows_the_environment,
        "the number of requests to the new base URL is 0, not 1: `DefaultClients.env`",
    ),
    "a body is read before it is yielded": Defect(
        sending(ReadsAllAtOnce),
        TEST.test_a_response_that_stalls_times_out,
        "the deadline is",
    ),
}


@only_everywhere
@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found(name: str, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    defect = DEFECTS[name]
    monkeypatch.setattr(_deadlines, "LATE", 1.0)

    class Suite(conformance.Conformance):
        case = replace(OLLAMA, provider=defect.provider)

    values: dict[str, Any] = {
        "self": Suite(),
        "driver": Driver(asynchronous=False),
        "server": server,
        "monkeypatch": monkeypatch,
        "stream": True,
        **defect.given,
    }
    arguments = {name: values[name] for name in inspect.signature(defect.test).parameters}
    with pytest.raises(AssertionError, match=f"(?s){defect.problem}"):
        defect.test(**arguments)


def test_what_a_case_leaves_out_is_skipped(server: Loopback) -> None:
    class Suite(conformance.Conformance):
        case = conformance.Case(
            provider=PROVIDER,
            url_variable=OLLAMA.url_variable,
            text=OLLAMA.text,
            end=OLLAMA.end,
            plain=OLLAMA.plain,
            model=OLLAMA.model,
        )

    sync = Driver(asynchronous=False)
    Suite().test_a_streamed_response_is_received_whole(sync, server)
    Suite().test_any_text_is_received_whole_however_it_is_cut(sync, server)
    for test, attribute in {
        Suite().test_tool_outputs_can_be_sent_back: "steps",
        Suite().test_a_plain_response_has_its_tools: "called_plain",
        Suite().test_an_error_inside_a_stream_is_raised: "failure",
        Suite().test_a_user_supplied_client_is_used: "client",
    }.items():
        with pytest.raises(pytest.skip.Exception, match=f"the case has no `{attribute}`"):
            test(sync, server)


def test_a_class_without_a_case_is_an_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mirascope.testing import conformance
        class TestAcme(conformance.Conformance):
            pass
    """)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-k", "malformed")
    result.stdout.fnmatch_lines(["*TypeError: TestAcme.case must be a Case, not None*"])


def test_the_failure_of_a_case_is_overloaded() -> None:
    with pytest.raises(ValueError, match="`failure` must contain 'is overloaded'"):
        replace(OLLAMA, failure=b'{"error": "No"}')


@given(data=st.data(), body=st.binary(max_size=50))
def test_cuts_are_the_body_and_breaks_its_beginnings(data: st.DataObject, body: bytes) -> None:
    assert b"".join(data.draw(strategies.cuts(body))) == body
    start = data.draw(strategies.breaks(body))
    assert body.startswith(start)
    assert start != body or not body


@given(strategies.responses(tools={"Record": strategies.ARGUMENTS}))
def test_responses_are_legal(script: strategies.Script) -> None:
    started = [step.call for step in script.steps if isinstance(step, CallStart)]
    assert started == [*range(len(script.calls))]
    arguments: dict[int, str] = {}
    for step in script.steps:
        match step:
            case CallStart(call):
                arguments[call] = ""
            case CallDelta(call, text):
                arguments[call] += text
            case CallEnd(call):
                assert json.loads(arguments.pop(call)) == script.calls[call][1]
            case Text(text) | Reasoning(text):
                assert text
    assert arguments == {}
    assert sorted(map(str, script.completed)) == sorted(map(str, script.calls))
