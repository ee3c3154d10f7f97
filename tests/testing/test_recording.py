from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.cases import Case, Driver, without_keys
from support.providers.openai import OPENAI

from mirascope import Timeout, errors, testing
from mirascope.testing import loopback
from mirascope.testing._formats.bedrock import frame
from mirascope.testing.loopback import (
    Abort,
    Loopback,
    Reset,
    Response,
    dripping,
    in_pieces,
    unreachable,
)
from mirascope.testing.recording import _file
from mirascope.testing.recording._exchange import (
    Arrival,
    Exchange,
    RecordedRequest,
    RecordedResponse,
)
from mirascope.testing.recording._player import played
from mirascope.testing.recording._secrets import Secrets

TEXTS = ("Größe ", "of the 🌍", " und so weiter")
KEY = "a-secret-key"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recordings" / "book.yaml"


def contents(items: list[Any]) -> list[str]:
    return [chunk.content for chunk, _ in items]


def read_stream(driver: Driver, function: Any) -> list[str]:
    return contents(driver.call_and_read(function)[1])


def record(
    path: Path, case: Case, driver: Driver, server: Loopback, *responses: Response, **options: Any
) -> Any:
    """Make a recording of one stream; return what was tried."""
    server.queue = list(responses)
    with testing.recorded(path, record=True, **options):
        return driver.attempt(driver.function(case, max_retries=0))


# Recording and replaying.


def test_a_stream_replays_to_the_same_chunks_without_a_key(
    case: Case, driver: Driver, server: Loopback, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.queue = [Response(dripping(case.response(*TEXTS), 0.002))]
    function = driver.function(case)
    with testing.recorded(path, record=True) as recording:
        assert recording.recording
        live = read_stream(driver, function)
    monkeypatch.delenv(case.key_variable)
    with testing.recorded(path) as recording:
        assert read_stream(driver, function) == live
    assert not recording.recording
    assert "".join(live) == "".join(TEXTS)
    assert [(each.provider, each.stream) for each in recording.requests] == [(case.name, True)]
    assert ("of the" in path.read_text()) is case.server_sent  # frames are no text
    assert len(server.requests) == 1


def test_a_plain_response_replays(case: Case, driver: Driver, server: Loopback, path: Path) -> None:
    server.queue = [Response.of_json(case.plain("Emma"))]
    function = driver.function(case, stream=False)
    for record_it in (True, False):
        with testing.recorded(path, record=record_it):
            assert driver.call(function).content == "Emma"
    assert len(server.requests) == 1


def test_the_real_provider_gets_the_request_as_it_was(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    server.queue = [Response(case.response("Emma")) for _ in range(2)]
    function = driver.function(case)
    driver.call_and_read(function)
    with testing.recorded(path, record=True):
        driver.call_and_read(function)
    direct, forwarded = server.requests
    assert (forwarded.method, forwarded.path) == (direct.method, direct.path)
    assert forwarded.json == direct.json
    assert case.key_of(forwarded) == case.key_of(direct) == KEY
    assert forwarded.headers["accept-encoding"] == "identity"


@pytest.mark.usefixtures("server")
def test_the_environment_is_restored(case: Case, path: Path) -> None:
    before = dict(os.environ)
    for record_it in (True, False):
        with testing.recorded(path, record=record_it):
            assert os.environ[case.url_variable] != before[case.url_variable]
        assert dict(os.environ) == before


def test_events_reach_the_client_while_the_provider_sends(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    seen = threading.Event()

    def script() -> Iterator[bytes]:
        yield from [*case.begin, case.text("Emma")]
        assert seen.wait(10), "the first chunk was held back"
        yield from [case.text(" by Jane Austen"), *case.end(3, 2)]

    def watched(stream: Any) -> Any:
        if driver.asynchronous:
            return watched_async(stream)
        return (seen.set() or item for item in stream)

    async def watched_async(stream: Any) -> Any:
        async for item in stream:
            seen.set()
            yield item

    server.queue = [Response(script())]
    with testing.recorded(path, record=True):
        tried = driver.attempt(driver.function(case), watched)
    assert tried.error is None
    assert "".join(contents(tried.items)) == "Emma by Jane Austen"


def test_errors_and_retries_are_recorded_one_by_one(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    server.queue = [
        case.refusal(429, retry_after="0"),
        case.refusal(503, retry_after="0"),
        Response(case.response("Emma")),
    ]
    function = driver.function(case, max_retries=3)
    for record_it in (True, False):
        with testing.recorded(path, record=record_it) as recording:
            assert "".join(read_stream(driver, function)) == "Emma"
        assert len(recording.requests) == 3
    statuses = [each.response.status for each in _file.read(path)]
    assert statuses == [429, 503, 200]


def test_a_stream_that_is_broken_off_is_kept_and_closed_upstream(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    begun = [*case.begin, case.text("Emma"), case.text(" by")]
    server.queue = [Response([*begun, loopback.Stall()])]

    async def take_async(stream: Any) -> list[str]:
        async for chunk, _ in stream:
            if chunk.content:
                await stream.aclose()
                return [chunk.content]
        return []

    def take(stream: Any) -> list[str]:
        for chunk, _ in stream:
            if chunk.content:
                stream.close()
                return [chunk.content]
        return []

    def first_text() -> list[str]:
        function = driver.function(case)
        if not driver.asynchronous:
            return take(function("fantasy"))

        async def run() -> list[str]:
            return await take_async(await function("fantasy"))

        return driver.run(run)

    with testing.recorded(path, record=True):
        live = first_text()
        assert server.connections[0].disconnected.wait(5)
    with testing.recorded(path):
        assert first_text() == live
    assert _file.read(path)[0].response.cut is not None
    with testing.recorded(path):
        tried = driver.attempt(driver.function(case, max_retries=0))
    assert isinstance(tried.error, errors.StreamConnectionError)
    assert "".join(contents(tried.items)).startswith("Emma")


def test_a_connection_that_the_provider_breaks_breaks_again(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    begun = [*case.begin, case.text("Emma")]
    live = record(path, case, driver, server, Response([*begun, Abort()]))
    with testing.recorded(path):
        again = driver.attempt(driver.function(case, max_retries=0))
    assert type(again.error) is type(live.error)
    assert isinstance(live.error, errors.StreamConnectionError)
    assert contents(again.items) == contents(live.items)


def test_a_connection_that_fails_fails_again(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    live = record(path, case, driver, server, Response(before=[Reset()]))
    with testing.recorded(path):
        again = driver.attempt(driver.function(case, max_retries=0))
    assert isinstance(live.error, errors.StreamConnectionError)
    assert isinstance(again.error, errors.StreamConnectionError)


def test_a_provider_that_cannot_be_reached_is_explained(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OPENAI.key_variable, KEY)
    driver = Driver(asynchronous=False)
    with unreachable() as url:
        monkeypatch.setenv(OPENAI.url_variable, OPENAI.url(url))
        with (
            pytest.raises(errors.StreamConnectionError) as caught,
            testing.recorded(path, record=True),
        ):
            driver.call_and_read(driver.function(OPENAI, max_retries=0))
    assert "ConnectionRefusedError" in caught.value.__notes__[0]
    assert not path.exists()


def test_a_timeout_is_one_again(case: Case, driver: Driver, server: Loopback, path: Path) -> None:
    server.queue = [Response([*case.begin, case.text("Emma"), loopback.Stall()])]
    function = driver.function(case, timeout=Timeout(idle=0.3), max_retries=0)
    for record_it in (True, False):
        with testing.recorded(path, record=record_it):
            tried = driver.attempt(function)
        assert isinstance(tried.error, errors.StreamTimeout)
        assert "".join(contents(tried.items)) == "Emma"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_that_is_compressed_all_the_same_is_readable(
    encoding: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"".join(OPENAI.response("Größe"))
    packed = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    driver = Driver(asynchronous=False)
    with Loopback() as server:
        monkeypatch.setenv(OPENAI.key_variable, KEY)
        monkeypatch.setenv(OPENAI.url_variable, OPENAI.url(server.url))
        server.queue = [Response(in_pieces(packed, 7), headers={"content-encoding": encoding})]
        for record_it in (True, False):
            with testing.recorded(path, record=record_it):
                assert "".join(read_stream(driver, driver.function(OPENAI))) == "Größe"
    assert "chat.completion.chunk" in path.read_text()


def test_every_byte_by_itself_replays(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    events = b"".join(case.response(*TEXTS))
    live = record(path, case, driver, server, Response(in_pieces(events, 1)))
    with testing.recorded(path):
        again = driver.attempt(driver.function(case))
    assert contents(again.items) == contents(live.items)
    assert ("binary" not in path.read_text()) is case.server_sent  # frames are no text


def test_twenty_calls_at_once_get_their_own_responses(
    path: Path, server: Loopback, case: Case
) -> None:
    function = Driver(asynchronous=False).function(case)

    def respond(request: loopback.Request) -> Response:
        genre = request.body.decode().partition("a genre ")[2].partition(" book")[0]
        return Response(dripping(case.response(f"A book of {genre}"), 0.001))

    server.respond = respond

    def ask(number: int) -> str:
        return "".join(contents(list(function(f"genre {number}"))))

    replies = []
    for record_it in (True, False):
        with testing.recorded(path, record=record_it), ThreadPoolExecutor(20) as pool:
            replies.append(list(pool.map(ask, range(20))))
    assert replies[0] == replies[1] == [f"A book of {number}" for number in range(20)]


def test_a_recording_inside_of_another_records_from_it(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    server.queue = [Response(case.response("Emma"))]
    inner = path.with_name("inner.yaml")
    with testing.recorded(path, record=True) as outside:
        url = outside.url(case.name)
        with testing.recorded(inner, record=True):
            live = read_stream(driver, driver.function(case))
        assert os.environ[case.url_variable] == url
    for each in (path, inner):
        with testing.recorded(each):
            assert read_stream(driver, driver.function(case)) == live


def test_a_form_with_a_random_boundary_replays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback() as server:
        monkeypatch.setenv(OPENAI.url_variable, OPENAI.url(server.url))
        server.queue = [Response.of_json({"id": "file-1"})]
        for record_it in (True, False):
            with testing.recorded(path, record=record_it) as recording:
                url = f"{recording.url('openai')}/files"
                sent = httpx.post(url, files={"file": b"\xff\x00"}, trust_env=False)
            assert sent.json() == {"id": "file-1"}


# The pace.


def test_a_live_pace_keeps_the_recorded_gaps(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    """What the client receives is measured beneath the SDK; one late thread is no failure."""
    script = dripping(case.response("Emma", " by", " Jane", " Austen"), 0.03)
    record(path, case, driver, server, Response(script))
    (exchange,) = _file.read(path)
    recorded = [arrival.at for arrival in exchange.response.arrivals]
    assert len(recorded) >= 4
    assert any(_lateness(path, exchange, recorded) < 0.01 for _ in range(5))


def _lateness(path: Path, exchange: Exchange, recorded: list[float]) -> float:
    """Replay once; return how much the middle one of the gaps differs."""
    with testing.recorded(path, pace="live") as recording:
        url = recording.url(exchange.request.provider) + exchange.request.path
        with httpx.stream("POST", url, json=exchange.request.body, trust_env=False) as response:
            received = [time.monotonic() for piece in response.iter_raw() if piece]
    gaps = [later - earlier for earlier, later in pairwise(received)]
    expected = [later - earlier for earlier, later in pairwise(recorded)]
    assert len(gaps) == len(expected)
    return statistics.median(abs(a - b) for a, b in zip(gaps, expected, strict=True))


def test_a_live_pace_is_scheduled_by_the_moments_since_the_request() -> None:
    arrivals = [Arrival(5.0, b"one"), Arrival(65.0, b"two")]
    steps = list(played(RecordedResponse(200, {}, 4.0, arrivals), "live").steps())
    waits = [step.seconds for step in steps if isinstance(step, loopback.Wait)]
    assert waits == [pytest.approx(4, abs=1), pytest.approx(5, abs=1), pytest.approx(65, abs=1)]


def test_a_fast_pace_has_no_gaps() -> None:
    arrivals = [Arrival(5.0, b"one"), Arrival(65.0, b"two")]
    steps = list(played(RecordedResponse(200, {}, 4.0, arrivals), "fast").steps())
    assert not [step for step in steps if isinstance(step, loopback.Wait)]


# Faults.


@pytest.mark.parametrize("at", [0.0, 0.5, 40])
def test_a_cut_ends_each_stream_in_the_middle(
    at: float, case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    record(path, case, driver, server, Response(case.response(*TEXTS)))
    with testing.recorded(path, fault=testing.Cut(at=at)):
        tried = driver.attempt(driver.function(case, max_retries=0))
    assert isinstance(tried.error, errors.StreamConnectionError)


def test_a_reset_and_a_stall(case: Case, driver: Driver, server: Loopback, path: Path) -> None:
    record(path, case, driver, server, Response(case.response(*TEXTS)))
    function = driver.function(case, max_retries=0, timeout=Timeout(idle=0.3))
    with testing.recorded(path, fault=testing.Reset(at=0.5)):
        assert isinstance(driver.attempt(function).error, errors.StreamConnectionError)
    with testing.recorded(path, fault=testing.Stall(at=0.6)):  # after the first text
        assert isinstance(driver.attempt(function).error, errors.StreamTimeout)


def test_a_fault_leaves_plain_responses_and_a_new_recording_whole(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    live = record(
        path, case, driver, server, Response(case.response(*TEXTS)), fault=testing.Cut(at=0.5)
    )
    assert isinstance(live.error, errors.StreamConnectionError)
    with testing.recorded(path):
        assert "".join(read_stream(driver, driver.function(case))) == "".join(TEXTS)
    server.queue = [Response.of_json(case.plain("Emma"))]
    for record_it in (True, False):
        with testing.recorded(path, record=record_it, fault=testing.Cut(at=0)):
            assert driver.call(driver.function(case, stream=False)).content == "Emma"


@pytest.mark.parametrize("at", [-1, 1.5, -0.1])
def test_a_fault_has_a_place(at: float) -> None:
    with pytest.raises(ValueError, match="`at` is "):
        testing.Cut(at=at)


# Requests that differ.


def test_a_request_that_differs_fails_the_test_with_the_difference(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    record(path, case, driver, server, Response(case.response("Emma")))
    recorded = testing.recorded(path)
    with pytest.raises(testing.RecordingMismatchError) as caught, recorded:
        tried = driver.attempt(_another(driver, case))
        assert isinstance(tried.error, errors.BadRequest)
    lines = str(caught.value).splitlines()
    assert any(line.startswith("-") and "a fantasy book" in line for line in lines)
    assert any(line.startswith("+") and "a horror book" in line for line in lines)
    assert str(path) in lines[0]
    assert "pytest --record" in lines[0]


def _another(driver: Driver, case: Case) -> Any:
    function = driver.function(case)
    return lambda _: function("horror")


def test_a_request_is_played_once(case: Case, driver: Driver, server: Loopback, path: Path) -> None:
    record(path, case, driver, server, Response(case.response("Emma")))
    function = driver.function(case)
    with (
        pytest.raises(testing.RecordingMismatchError, match="more often than recorded"),
        testing.recorded(path),
    ):
        driver.attempt(function)
        driver.attempt(function)


def test_a_difference_is_a_note_of_an_error_that_is_raised_anyway(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    record(path, case, driver, server, Response(case.response("Emma")))
    with pytest.raises(KeyError) as caught, testing.recorded(path):
        driver.attempt(_another(driver, case))
        raise KeyError
    assert "a horror book" in caught.value.__notes__[0]


def test_fields_that_differ_each_time_are_ignored(path: Path) -> None:
    upstream = [Exchange(_request(_body("1", "Hi")), RecordedResponse(200))]
    path.parent.mkdir()
    _file.write(path, upstream)
    ignore = ["metadata.session", "messages.*.id"]
    with testing.recorded(path, ignore=ignore) as recording:
        assert _post(recording, _body("2", "Hi")) == 200
    with (
        pytest.raises(testing.RecordingMismatchError) as caught,
        testing.recorded(path, ignore=ignore) as recording,
    ):
        assert _post(recording, _body("2", "Ho")) == 400
    assert "session" not in str(caught.value)


def _body(volatile: str, content: str) -> dict[str, Any]:
    messages = [{"role": "user", "content": content, "id": volatile}]
    return {"model": "m", "messages": messages, "metadata": {"session": volatile, "user": "u"}}


def _request(body: object) -> RecordedRequest:
    return RecordedRequest("openai", "POST", "/chat/completions", body)


def _post(recording: testing.Recording, body: object) -> int:
    url = f"{recording.url('openai')}/chat/completions"
    return httpx.post(url, json=body, trust_env=False).status_code


# Secrets.

SECRETS = {
    "set-cookie": "session=a-secret-cookie-0123; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
    "openai-organization": "acme-corp",
    "openai-project": "proj_Acme1234567890",
    "anthropic-organization-id": "6f1d1c3e-1111-2222-3333-444455556666",
    "x-groq-organization": "org_01hxacme",
    "x-request-id": "req-of-the-account",
}
IN_ERRORS = (
    "Limit reached for org-Abc123DEF456 in organization 9a8b7c6d-1111-2222-3333-444455556666"
    " of someone@example.com, projects/123456789012, proj_Other1234567"
)
HIDDEN = (
    *(KEY, "a-secret-cookie-0123", "acme-corp", "proj_Acme1234567890", "org_01hxacme"),
    *("6f1d1c3e-1111", "req-of-the-account", "org-Abc123DEF456", "9a8b7c6d-1111"),
    *("someone@example.com", "123456789012", "proj_Other1234567", "an-organization-of-ours"),
    "an-organization-of-the-environment",
)


def test_nothing_secret_reaches_the_file(
    case: Case, driver: Driver, server: Loopback, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "an-organization-of-the-environment")
    quoted = " ".join([KEY, "org an-organization-of-the-environment", IN_ERRORS, *SECRETS.values()])
    refused = case.refusal(401, quoted)
    refused.headers |= SECRETS
    split = [*case.begin, *in_pieces(case.text(f"Your key is {KEY}, is it?"), 5), *case.end(3, 2)]
    streamed = Response(dripping(split, 0.002), headers=SECRETS)
    server.queue = [refused, streamed]
    with testing.recorded(path, record=True):
        assert isinstance(
            driver.attempt(driver.function(case, max_retries=0)).error,
            errors.AuthenticationFailed,
        )
        live = "".join(read_stream(driver, driver.function(case)))
    assert KEY in live
    written = path.read_text()
    kept = b"".join(each.data for one in _file.read(path) for each in one.response.arrivals)
    assert [secret for secret in HIDDEN if secret in written or secret.encode() in kept] == []
    with testing.recorded(path):
        tried = driver.attempt(driver.function(case, max_retries=0))
        again = "".join(read_stream(driver, driver.function(case)))
    assert isinstance(tried.error, errors.AuthenticationFailed)
    assert again == live.replace(KEY, "[redacted]")


def test_a_secret_in_a_request_is_hidden_and_matches_again(
    case: Case, driver: Driver, server: Loopback, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.queue = [Response(case.response("Emma"))]
    function = driver.function(case)

    def ask(text: str) -> Any:
        return driver.attempt(lambda _: function(text)).error

    with testing.recorded(path, record=True):
        assert ask(f"use {KEY}") is None
    assert KEY not in path.read_text()
    monkeypatch.setenv(case.key_variable, "another-key-of-mine")
    with testing.recorded(path):
        assert ask("use another-key-of-mine") is None


def test_a_signature_and_the_error_in_a_frame_are_hidden() -> None:
    secrets = Secrets()
    signed = "AWS4-HMAC-SHA256 Credential=AKIA1234/20260102/eu-west-1/bedrock/aws4_request"
    secrets.collect([("Authorization", f"{signed}, SignedHeaders=host, Signature=0123abcd")])
    arn = "arn:aws:iam::123456789012:user/somebody"
    text = frame("contentBlockDelta", {"delta": {"text": f"AKIA1234 {arn}"}})
    error = frame("validationException", {"message": f"0123abcd of {arn}"}, "exception")
    whole, cut = text + error, b"\x00\x00\x01\x00 AKIA1234"
    arrivals = [Arrival(0.0, whole[:9]), Arrival(1.0, whole[9:] + cut)]
    written = secrets.redacted(Exchange(_request({}), RecordedResponse(200, {}, 0.0, arrivals)))
    shown = frame("contentBlockDelta", {"delta": {"text": f"[redacted] {arn}"}})
    hidden = frame("validationException", {"message": "[redacted] of [redacted]"}, "exception")
    body = b"".join(arrival.data for arrival in written.response.arrivals)
    assert body == shown + hidden + b"\x00\x00\x01\x00 [redacted]"


def test_words_like_a_setting_stay(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "false")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "us-central1")
    driver = Driver(asynchronous=False)
    with Loopback() as server:
        monkeypatch.setenv(OPENAI.key_variable, KEY)
        monkeypatch.setenv(OPENAI.url_variable, OPENAI.url(server.url))
        text = "false, us-central1, info@example.com, org-structure, sk-learn, 1000 tokens"
        headers = {"x-ratelimit-remaining-tokens": "1000", "access-control-allow-origin": "true"}
        record(path, OPENAI, driver, server, Response(OPENAI.response(text), headers=headers))
    assert text in path.read_text()


# The file.

EXPECTED = """\
# Recorded by mirascope.testing. To record it again: pytest --record
version: 1
exchanges:
- request:
    provider: openai
    path: /chat/completions
    body:
      model: gpt-4o-mini
      messages:
        - role: user
          content: |-
            Two
            lines
  response:
    status: 200
    at: 0.25
    headers:
      content-type: text/event-stream
    body:
    - - 0.3000
      - |+
        data: {"a": "é"}

        data: 2\t

    - - 0.4000
      - !crlf |+
        data: 3

    - - 0.5000
      - !!binary |
        /w==
"""


def test_the_file_is_readable(tmp_path: Path) -> None:
    arrivals = [
        Arrival(0.3, 'data: {"a": "é"}\n\ndata: 2\t\n\n'.encode()),
        Arrival(0.4, b"data: 3\r\n\r\n"),
        Arrival(0.5, b"\xff"),
    ]
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Two\nlines"}]}
    headers = {"content-type": "text/event-stream"}
    exchange = Exchange(_request(body), RecordedResponse(200, headers, 0.25, arrivals))
    _file.write(tmp_path / "a.yaml", [exchange])
    assert (tmp_path / "a.yaml").read_text() == EXPECTED
    assert _file.read(tmp_path / "a.yaml") == [exchange]


SOME_TEXT = st.text("ab \n\t\r:#'\"\x85\u2028\ufeffé😀\x00%&*!|>-{}[]", min_size=1)


@given(
    texts=st.lists(SOME_TEXT | st.text(min_size=1)),
    data=st.binary(),
    json_=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | SOME_TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)
def test_every_byte_is_kept(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], data: bytes, json_: object
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.yaml"
    pieces = [text.encode(errors="replace") for text in texts]
    arrivals = [Arrival(index / 8, piece) for index, piece in enumerate([*pieces, data])]
    request = _request({"value": json_})
    _file.write(path, [Exchange(request, RecordedResponse(200, {}, 0.0, arrivals))])
    (read,) = _file.read(path)
    assert read.request == request
    assert b"".join(each.data for each in read.response.arrivals) == b"".join([*pieces, data])


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError, match=r"missing.yaml.*pytest --record"),
        testing.recorded(tmp_path / "missing.yaml"),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not contain a mapping"),
        ("- 1", "not contain a mapping"),
        ("{", "is neither a recording"),
        ("\xff\xfe", "is neither a recording"),
        ("a: 1", "lacks 'version'"),
        ("version: 1", "lacks 'exchanges'"),
        ("version: 2\nexchanges: []", "version 2.*install a newer one"),
        ("version: one\nexchanges: []", "is neither a recording"),
        ("version: 1\nexchanges: [1]", "is neither a recording"),
        ("version: 1\nexchanges:\n- request: {provider: acme, path: /}\n  response: {}", "acme"),
        ("version: 1\nexchanges: !!python/object/apply:os.system [ls]", "is neither a recording"),
        ("interactions:\n- request: {uri: 'http://a.test/b'}\n  response: {}", "a.test"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(testing.RecordingError, match=f"(?s)bad.yaml.*{problem}"):
        testing.recorded(path).__enter__()


def test_a_file_that_cannot_be_written_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(testing.RecordingError, match=r"a.yaml cannot be written"):
        testing.recorded(tmp_path / "file" / "a.yaml", record=True).__enter__()


def test_a_failure_without_a_response_keeps_the_old_file(
    case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    record(path, case, driver, server, Response(case.response("Emma")))
    before = path.read_text()
    with pytest.raises(KeyError), testing.recorded(path, record=True):
        raise KeyError
    assert path.read_text() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("value", ["1", "0", ""])
def test_a_variable_decides_whether_to_record(
    value: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRASCOPE_RECORD", value)
    path.parent.mkdir()
    _file.write(path, [])
    with testing.recorded(path) as recording:
        assert recording.recording is (value == "1")


# Cassettes of vcrpy.


def cassette(uri: str, body: bytes, request: object, kind: str) -> str:
    """Return a cassette in a form that vcrpy writes."""
    sent: Any = json.dumps(request)
    string: Any
    if kind == "text":
        string = body.decode()
    else:
        sent, string = sent.encode(), body if kind == "binary" else gzip.compress(body)
    interaction = {
        "request": {"body": sent, "headers": {"Accept": ["*/*"]}, "method": "POST", "uri": uri},
        "response": {
            "body": {"string": string},
            "headers": {"Content-Encoding": ["gzip"], "Content-Type": ["text/event-stream"]},
            "status": {"code": 200, "message": "OK"},
        },
    }
    if kind == "parsed":
        del interaction["request"]["body"]
        interaction["request"]["parsed_body"] = request
    return yaml.dump({"interactions": [interaction], "version": 1})


HOSTS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "cohere": "https://api.cohere.com",
    "gemini": "https://generativelanguage.googleapis.com",
    "groq": "https://api.groq.com",
    "mistral": "https://api.mistral.ai",
    "bedrock": "https://bedrock-runtime.eu-central-1.amazonaws.com",
    "azure": "https://my-resource.openai.azure.com",
    "azure_responses": "https://my-resource.openai.azure.com",
    "vertex": "https://europe-west1-aiplatform.googleapis.com",
    "openai_responses": "https://api.openai.com/v1",
}


@pytest.mark.parametrize("kind", ["text", "binary", "gzip", "parsed"])
def test_a_cassette_is_replayed(
    kind: str, case: Case, driver: Driver, server: Loopback, path: Path
) -> None:
    if kind == "text" and not case.server_sent:
        pytest.skip("frames are no text")
    server.queue = [Response(case.response("unread"))]
    driver.call_and_read(driver.function(case))
    path_sent = server.requests[0].path.removeprefix(case.url_path)
    joined = "&" if "?" in path_sent else "?"
    uri = f"{HOSTS[case.name]}{path_sent}{joined}key=REDACTED"
    body = b"".join(case.response(*TEXTS))
    path.parent.mkdir()
    path.write_text(cassette(uri, body, server.requests[0].json, kind))
    with testing.recorded(path):
        assert "".join(read_stream(driver, driver.function(case))) == "".join(TEXTS)


# The plugin.

PROJECT = """
import pytest
from mirascope import Timeout, errors, testing
from mirascope.core import openai

@openai.call("gpt-4o-mini", stream=True, max_retries=0)
def recommend_book(genre: str) -> str:
    return f"Recommend a {genre} book"

def read():
    return "".join(chunk.content for chunk, _ in recommend_book("fantasy"))

@pytest.mark.recorded
@pytest.mark.parametrize("kind", ["a/b", "a:b", "plain"])
def test_book(kind):
    assert read() == "Emma"

class TestBook:
    @pytest.mark.recorded("own.yaml")
    def test_own_path(self):
        assert read() == "Emma"

@pytest.mark.recorded(fault=testing.Cut(at=0.5))
def test_cut():
    with pytest.raises(errors.StreamConnectionError):
        read()
"""


def run_pytest(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = without_keys() | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_pytest_records_and_replays(tmp_path: Path) -> None:
    (tmp_path / "test_books.py").write_text(PROJECT)
    missing = run_pytest(tmp_path)
    assert missing.returncode == 1
    assert "pytest --record" in missing.stdout
    with Loopback() as server:
        server.default = lambda: Response(OPENAI.response("Emma"))
        made = run_pytest(
            tmp_path,
            "--record",
            OPENAI_API_KEY=KEY,
            OPENAI_BASE_URL=OPENAI.url(server.url),
        )
    assert made.returncode == 0, made.stdout
    written = sorted(str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*.yaml"))
    assert written == [
        "own.yaml",
        "recordings/test_books/test_book-a-b-0a50582d.yaml",
        "recordings/test_books/test_book-a-b-5b95db56.yaml",
        "recordings/test_books/test_book-plain.yaml",
        "recordings/test_books/test_cut.yaml",
    ]
    replayed = run_pytest(tmp_path)
    assert replayed.returncode == 0, replayed.stdout
    (tmp_path / "test_books.py").write_text(PROJECT.replace("Recommend", "Name"))
    differs = run_pytest(tmp_path, "-k", "own_path")
    assert differs.returncode == 1
    added = [line for line in differs.stdout.splitlines() if "Name a fantasy book" in line]
    assert any("+" in line for line in added), differs.stdout


def test_pytest_explains_the_marker_and_the_option(tmp_path: Path) -> None:
    assert "recorded(path=..." in run_pytest(tmp_path, "--markers").stdout
    assert "--record" in run_pytest(tmp_path, "--help").stdout


def test_importing_the_kit_is_cheap() -> None:
    code = "import sys, mirascope.testing; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"yaml", "pytest", "http.client", "pydantic", "ssl"} & set(loaded.stdout.split())
