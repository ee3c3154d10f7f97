"""The log of calls, on the logger ``mirascope``."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from support.cases import Case, Driver

from mirascope.core._observers.observation import NOT_OBSERVED
from mirascope.testing.loopback import Loopback, Response

SECONDS = re.compile(r"\d+\.\d\d s")
LIMITS = {
    "anthropic": "max_tokens",
    "bedrock": "max_tokens",
    "cohere": "MAX_TOKENS",
    "gemini": "MAX_TOKENS",
    "openai_responses": "max_output_tokens",
}


@pytest.fixture(autouse=True)
def debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="mirascope")


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return the levels and the lines, without durations; no secret is in them."""
    records = [record for record in caplog.records if record.name == "mirascope"]
    lines = [SECONDS.sub("... s", record.getMessage()) for record in records]
    assert not [line for line in lines if re.search("a-secret-key|fantasy|Hello", line)]
    return [(record.levelname, line) for record, line in zip(records, lines, strict=True)]


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_is_one_line(
    case: Case,
    driver: Driver,
    server: Loopback,
    caplog: pytest.LogCaptureFixture,
    *,
    stream: bool,
) -> None:
    whole = Response(case.response("Hello")) if stream else Response.of_json(case.plain("Hello"))
    server.queue = [whole]
    function = driver.function(case, stream=stream)
    driver.call_and_read(function) if stream else driver.call(function)
    line = (
        f"{case.name} requested-model: finished, input tokens 3, output tokens 2, ... s, retries 0"
    )
    assert logged(caplog) == [("DEBUG", line)]


def test_retries_are_warned_of(
    case: Case, driver: Driver, server: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    server.queue = [case.refusal(429, retry_after="0"), Response(case.response("Hello"))]
    driver.call_and_read(driver.function(case))
    warning, line = logged(caplog)
    text = f"{case.name} requested-model: retry 1 in ... s after RateLimited (HTTP 429)"
    assert warning == ("WARNING", text)
    assert line[1].endswith("retries 1")


def test_a_failure_is_a_line(
    case: Case, driver: Driver, server: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    server.default = lambda: case.refusal(401, "a-secret-key is wrong")
    assert driver.attempt(driver.function(case)).error
    ((level, line),) = logged(caplog)
    assert level == "DEBUG"
    assert "failed (AuthenticationFailed (HTTP 401)), input tokens unknown" in line


def test_a_response_that_is_cut_off_is_warned_of(
    case: Case, driver: Driver, server: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    server.queue = [Response([*case.begin, case.text("Hello")])]
    assert driver.attempt(driver.function(case)).error
    (level, warning), (_, line) = logged(caplog)
    assert (level, "is cut off" in warning) == ("WARNING", True)
    assert "truncated (StreamTruncated)" in line


@pytest.mark.parametrize("stream", [True, False])
def test_a_response_at_its_limit_of_tokens_is_warned_of(
    case: Case,
    driver: Driver,
    server: Loopback,
    caplog: pytest.LogCaptureFixture,
    *,
    stream: bool,
) -> None:
    limit = f'"{LIMITS.get(case.family, "length")}"'.encode()
    response: Any
    if stream:
        stop = f'"{case.stop}"'.encode()
        response = Response([each.replace(stop, limit) for each in case.response("Hello")])
    else:
        body = _limited(json.dumps(case.plain("Hello")).encode(), limit)
        response = Response([body], headers={"content-type": "application/json"})
    server.queue = [response]
    function = driver.function(case, stream=stream)
    driver.call_and_read(function) if stream else driver.call(function)
    (level, warning), _ = logged(caplog)
    expected = f"{case.name} requested-model: the response ends at its limit of tokens"
    assert (level, warning) == ("WARNING", expected)


def _limited(body: bytes, limit: bytes) -> bytes:
    """Replace the finish reason of a plain response."""
    name = rb'("(?:finish_reason|finishReason|stop_reason|stopReason|status)": ?)"\w+"'
    found, count = re.subn(name, rb"\1" + limit, body)
    assert count
    return found


def test_a_disabled_logger_costs_nothing(case: Case, server: Loopback) -> None:
    server.queue = [Response(case.response("Hello"))]
    logger = logging.getLogger("mirascope")
    logger.setLevel(logging.CRITICAL)
    stream = Driver(asynchronous=False).function(case)("fantasy")
    assert stream.stream.observations is NOT_OBSERVED
    list(stream)


def test_nothing_is_printed_where_logging_is_not_configured() -> None:
    handlers = logging.getLogger("mirascope").handlers
    assert [type(handler) for handler in handlers] == [logging.NullHandler]
