"""What a provider's server sends, as the tests of a provider need to know it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from mirascope.core.providers import Call, Provider
from mirascope.testing.conformance._steps import Reasoning, Step, Text
from mirascope.testing.loopback import Request, Response

OVERLOADED: Final = b"is overloaded"
"""What the message of `Case.failure` contains."""

MALFORMED: Final = (
    *(b"data: {not json}\n\n", b"data: [1]\n\n", b"data: \xff\xfe\n\n", b"data: 7\n\n"),
)


def bearer(request: Request) -> str:
    """Return the key of a request that has it as a bearer token."""
    return request.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A provider, and what its server sends.

    The first five attributes are required. Each of the others has what its absence leaves
    unchecked, or what its default fits. Bytes are those of the body of a stream, framing included:
    an event, or a line of JSON.

    Attributes:
        provider: The provider.
        url_variable: The environment variable from which its default client reads the base URL.
        text: Returns what streams a piece of text.
        end: Returns what ends a stream, given the tokens of the request and of the response: a list
            of events, the one with `stop` among them.
        plain: Returns the JSON of a plain response with a text, 3 tokens in and 2 out.
        begin: What a stream starts with, before its first text.
        reasoning: Returns what streams a piece of reasoning. Without it none is sent.
        steps: Returns what streams text, reasoning and tool calls, in the order of the steps; what
            `begin` and `end` have is left out. Without it no tool is called.
        called_plain: Returns the JSON of a plain response that calls a tool, given the tool's name
            and the arguments as JSON. Without it no plain response calls a tool.
        whole_calls: Whether a call is sent at once; see `with_whole_calls`.
        stop: The finish reason of a text.
        tool_stop: The finish reason of tool calls. `end` has to have `stop` in quotes then.
        model: The model that responses report; ``None`` if they report none.
        last_event: Whether something marks the end of a stream. Where not, only the end of the body
            does, and a server that lingers is waited for, but not for long.
        keepalive: What keeps a connection alive, and holds nothing; the default fits server-sent
            events. A line break fits JSON by line.
        malformed: What is not JSON, or not an object, framing included; the default is none in
            server-sent events, nor by line.
        failure: What reports an error like HTTP's 503 inside a stream; its message contains "is
            overloaded". Without it no such error is sent.
        failure_status: The HTTP status that it is like.
        error_body: Returns the JSON of an HTTP error with a message.
        request_id_header: The header with the request's id, if errors have it.
        key_variable: The environment variable of the key. Without it no key is looked for.
        needs_key: Whether there is no request without a key.
        key_of: Finds the key in a request; the default is a bearer token.
        url_path: What follows the server's address in a base URL.
        client: Makes a sync client in a context manager, given a base URL and a key. Without it
            none is passed by the user.
        async_client: Makes an async client in an async context manager.
        messages: The type of a request's messages, such as ``list[MessageParam]``. Without it their
            form is not checked.
        sdk_package: How the names of the modules of the SDK's classes begin, if there is an SDK.
        comparable: Returns a raw response without what differs between a plain and a streamed one,
            such as the HTTP response.

    Raises:
        ValueError: The message of `failure` does not contain "is overloaded".
    """

    provider: Provider[Any, Any, Any, Any, Any]
    url_variable: str
    text: Callable[[str], bytes]
    end: Callable[[int, int], list[bytes]]
    plain: Callable[[str], dict[str, Any]]

    begin: list[bytes] = field(default_factory=list[bytes])
    reasoning: Callable[[str], bytes] | None = None
    steps: Callable[[Iterable[Step]], Iterable[bytes]] | None = None
    called_plain: Callable[[str, str], dict[str, Any]] | None = None
    whole_calls: bool = False
    stop: str = "stop"
    tool_stop: str = "tool_calls"
    model: str | None = None
    last_event: bool = True
    keepalive: bytes = b": keep-alive\n\n"
    malformed: Sequence[bytes] = MALFORMED

    failure: bytes | None = None
    failure_status: int = 503
    error_body: Callable[[str], Any] = lambda message: {"error": {"message": message}}
    request_id_header: str | None = None

    key_variable: str | None = None
    needs_key: bool = True
    key_of: Callable[[Request], str] = bearer
    url_path: str = ""
    client: Callable[[str, str], AbstractContextManager[Any]] | None = None
    async_client: Callable[[str, str], AbstractAsyncContextManager[Any]] | None = None

    messages: Any = None
    sdk_package: str | None = None
    comparable: Callable[[Any], Any] = lambda response: response

    def __post_init__(self) -> None:
        if self.failure is not None and OVERLOADED not in self.failure:
            raise ValueError(f"the message of `failure` must contain 'is overloaded': {self!r}")

    @property
    def name(self) -> str:
        """The name of the provider."""
        return self.provider.name

    @property
    def sdk_error(self) -> type[Exception] | tuple[type[Exception], ...]:
        """The base classes of the errors of the provider's SDK, or of its own."""
        return self.provider.errors.base

    @cached_property
    def call(self) -> Call[Any, Any, Any, Any, Any, Any]:
        """The provider's call decorator."""
        return Call(self.provider)

    def url(self, address: str) -> str:
        """Return the base URL of a server."""
        return address + self.url_path

    def response(self, *texts: str) -> list[bytes]:
        """Return the body of a complete response: 3 tokens in, 2 out."""
        return [*self.begin, *map(self.text, texts), *self.end(3, 2)]

    def tool_call_response(self, *steps: Step, stop: str | None = None) -> list[bytes]:
        """Return the body of a complete response that calls tools.

        Args:
            steps: What the response does.
            stop: The finish reason, if not `tool_stop`.
        """
        stop = self.tool_stop if stop is None else stop
        end = [event.replace(_quoted(self.stop), _quoted(stop)) for event in self.end(3, 2)]
        return [*self.begin, *self.events(steps), *end]

    def events(self, steps: Iterable[Step]) -> list[bytes]:
        """Return what streams steps; without `steps`, only texts and reasoning are among them."""
        if self.steps is not None:
            return list(self.steps(steps))
        events: list[bytes] = []
        for step in steps:
            match step:
                case Text(text):
                    events.append(self.text(text))
                case Reasoning(text) if self.reasoning is not None:
                    events.append(self.reasoning(text))
                case _:
                    raise ValueError(f"the case of {self.name} has nothing to stream {step} with")
        return events

    def refusal(self, status: int, message: str = "No.", **headers: str) -> Response:
        """Return an HTTP error as the provider sends one; ``retry_after="1"`` is a header."""
        return Response.of_json(self.error_body(message), status, **headers)


def _quoted(text: str) -> bytes:
    return f'"{text}"'.encode()
