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

    The first five attributes are required. If you leave out one of the others, its default is used,
    or the tests that need it are skipped. Bytes are those of the body of a stream, including the
    framing: an event, or a line of JSON.

    Attributes:
        provider: The provider.
        url_variable: The environment variable with the base URL of its default client.
        text: Returns the bytes that stream a piece of text.
        end: Gets the token counts of the request and of the response, and returns the events that
            end a stream; one of them has `stop`.
        plain: Returns the JSON of a response that is not streamed, with a text, 3 tokens in and 2
            out.
        begin: The bytes at the start of a stream, before its first text.
        reasoning: Returns the bytes that stream a piece of reasoning. Without it, no reasoning is
            tested.
        steps: Returns the bytes that stream text, reasoning and tool calls in the order of the
            steps, without `begin` and `end`. Without it, no tool calls are tested.
        called_plain: Gets the name of a tool and its arguments as JSON, and returns the JSON of a
            response that is not streamed and calls the tool. Without it, such responses are not
            tested.
        whole_calls: Whether a tool call is sent all at once; see `with_whole_calls`.
        stop: The finish reason of a text.
        tool_stop: The finish reason of tool calls. It needs `stop` in quotes in `end`.
        model: The model that responses report; ``None`` if they report none.
        last_event: Whether an event marks the end of a stream. If not, the end of the body is the
            end of the response, and the library waits for it for a short time.
        keepalive: Bytes that keep a connection alive and have no content. The default is for
            server-sent events; for JSON by line, pass a line break.
        malformed: Bytes that are not JSON, or not an object, including the framing. The default is
            invalid as server-sent events and as JSON by line.
        failure: The bytes of an error event that corresponds to the HTTP status 503. Its message
            contains "is overloaded". Without it, error events are not tested.
        failure_status: The HTTP status that corresponds to `failure`.
        error_body: Returns the JSON of an HTTP error with a message.
        request_id_header: The header with the id of the request, if errors have it.
        key_variable: The environment variable of the API key. Without it, keys are not tested.
        needs_key: Whether every request needs an API key.
        key_of: Returns the API key of a request. The default reads a bearer token.
        url_path: The path of the base URL.
        client: Gets a base URL and an API key, and returns a sync client in a context manager.
            Without it, your own clients are not tested.
        async_client: Returns an async client in an async context manager, like `client`.
        messages: The type of a request's messages, such as ``list[MessageParam]``. Without it,
            their format is not tested.
        sdk_package: The prefix of the names of the SDK's modules, if there is an SDK.
        comparable: Returns a raw response without the parts that differ between a streamed response
            and another one, such as the HTTP response.

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
