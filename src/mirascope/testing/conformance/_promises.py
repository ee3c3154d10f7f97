"""What the tests of a provider share: its case, the ways to call, a server, and checks.

A check that fails names what is wrong and where to look, for somebody who does not know its code.
"""

from __future__ import annotations

import atexit
import ssl
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar, Final

import pytest
from typing_extensions import TypeVar

from mirascope import errors
from mirascope.core.base import StreamConfig
from mirascope.testing.conformance._case import Case
from mirascope.testing.conformance._driver import Attempt, Driver
from mirascope.testing.loopback import Connection, Loopback, Response

KEY: Final = "a-secret-key"
"""The key of the default client."""

HALF_A_SECOND: Final = 0.5

T = TypeVar("T")
ErrorT = TypeVar("ErrorT", bound=errors.StreamError)

BOTH: Final = pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
"""Marks a test that runs for streams and for plain responses."""


class Promises:
    """The base of the tests.

    Attributes:
        case: The provider.
    """

    case: ClassVar[Case]

    @pytest.fixture(params=[False, True], ids=["sync", "async"])
    def driver(self, request: pytest.FixtureRequest) -> Driver:
        """A way to call: sync or async."""
        return Driver(asynchronous=request.param)

    @pytest.fixture
    def server(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
        """A server that the provider's default client talks to."""
        case = getattr(type(self), "case", None)
        if not isinstance(case, Case):
            raise TypeError(f"{type(self).__name__}.case must be a Case, not {case!r}")
        with Loopback() as server:
            if (path := one_authority()) is not None:
                monkeypatch.setenv("SSL_CERT_FILE", path)
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            monkeypatch.setenv(case.url_variable, case.url(server.url))
            if case.key_variable is not None:
                monkeypatch.setenv(case.key_variable, KEY)
            yield server

    def once(
        self, driver: Driver, *, stream: bool | StreamConfig = True, **options: Any
    ) -> Callable[[str], Any]:
        """Return a prompt function without retries, which would hide what is wrong."""
        return driver.function(self.case, stream=stream, max_retries=0, **options)


@cache
def one_authority() -> str | None:
    """Return the path of one certificate of an authority, which is all that a client has to read.

    Servers on loopback have none, and to read those of all authorities takes each client 25 ms.
    """
    known = ssl.create_default_context().get_ca_certs(binary_form=True)
    if not known:
        return None
    with NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
        file.write(ssl.DER_cert_to_PEM_cert(known[0]))
    atexit.register(Path(file.name).unlink, missing_ok=True)
    return file.name


def require(condition: object, problem: str) -> None:
    """Fail with a problem unless a condition holds."""
    __tracebackhide__ = True
    if not condition:
        raise AssertionError(problem)


def expect(got: object, expected: object, what: str, hint: str) -> None:
    """Fail unless what was received is what was expected.

    Args:
        got: What was received.
        expected: What was expected.
        what: What it is, such as "the text of the stream".
        hint: Where to look.
    """
    __tracebackhide__ = True
    require(got == expected, f"{what} is {got!r}, not {expected!r}: {hint}")


def needs(value: T | None, attribute: str) -> T:
    """Return an attribute of the case; skip the test if the case leaves it out."""
    if value is None:
        pytest.skip(f"the case has no `{attribute}`")
    return value


def raised(tried: Attempt, kind: type[ErrorT], case: Case, hint: str) -> ErrorT:
    """Return the error of an attempt; fail unless it is one of a class, and of the provider's own.

    Args:
        tried: The attempt.
        kind: The class.
        case: The provider.
        hint: Where to look.
    """
    __tracebackhide__ = True
    error = tried.error
    if not isinstance(error, kind):
        seen = "nothing" if error is None else f"{type(error).__name__} ({error})"
        raise AssertionError(f"{seen} is raised, not {kind.__name__}: {hint}") from error  # noqa: TRY004  # of a test
    is_theirs = isinstance(error, case.sdk_error)
    require(is_theirs, f"{type(error).__name__} is no {case.sdk_error}: {BASE}")
    expect(error.provider, case.name, "the provider of the error", BASE)
    return error


BASE: Final = "`Provider.errors` makes the errors, with its `base` and `make_sdk_error`"


def received(tried: Attempt) -> Any:
    """Return the stream or the response of an attempt; fail if there is an error."""
    __tracebackhide__ = True
    if tried.error is not None:
        problem = f"{type(tried.error).__name__} is raised by a response that is complete"
        raise AssertionError(f"{problem}: {tried.error}") from tried.error
    return tried.stream


def disconnects(connection: Connection, when: str) -> None:
    """Fail unless the client closes a connection soon."""
    __tracebackhide__ = True
    problem = f"the connection stays open {when}"
    hint = "`Source.close` of what `ChatAPI.open` returns closes the HTTP response"
    require(connection.disconnected.wait(HALF_A_SECOND), f"{problem}: {hint}")


def tools_of(items: Sequence[tuple[Any, Any]]) -> list[Any]:
    """Return the tools among the items of a stream."""
    return [tool for _, tool in items if tool is not None]


def continuing(
    case: Case, driver: Driver, history: list[Any], **options: Any
) -> Callable[[str], Any]:
    """Return a decorated function that sends the messages of a conversation."""

    async def ago_on(_: str) -> Any:
        return {"messages": history}

    def go_on(_: str) -> Any:
        return {"messages": history}

    decorate: Any = case.call("requested-model", **options)
    decorated: Callable[[str], Any] = decorate(ago_on if driver.asynchronous else go_on)
    return decorated


def complete(case: Case, text: str, *, stream: bool) -> Response:
    """Return a complete response, streamed or plain."""
    return Response(case.response(text)) if stream else Response.of_json(case.plain(text))
