"""A provider whose replies a test writes."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Self

from mirascope.testing import loopback
from mirascope.testing._environment import base_url, environment, key_variables, url_variables
from mirascope.testing._formats import FORMATS
from mirascope.testing._formats.wire_format import ToolCall
from mirascope.testing._replies import MISSING, Broken, Complete, Contents, Failed, Pace, Script
from mirascope.testing._requests import Request, cancelled_id, read
from mirascope.testing._servers import server


class UnexpectedRequestError(AssertionError):
    """A request came for which the test has written no reply."""


class ScriptedProvider:
    """A provider on loopback whose replies a test writes; use it with ``with``.

    Inside of the block, the default clients of all providers talk to it, with a made-up key: the
    environment names it, and is restored on leaving. Each request takes the next reply that was
    written, whatever the provider, streamed or not.

    Args:
        pace: How fast replies are sent: ``"fast"``, or ``"live"``: a first event after 0.3 seconds,
            and the others 0.03 seconds apart.

    Attributes:
        requests: The requests so far.
        cancelled: The ids of the background responses that were cancelled, which takes no reply.

    Raises:
        UnexpectedRequestError: On leaving: a request came that no reply was written for.
    """

    def __init__(self, *, pace: Pace = "fast") -> None:
        self.requests: list[Request] = []
        self.cancelled: list[str] = []
        self._pace: Pace = pace
        self._scripts: list[Script] = []
        self._unexpected: list[str] = []
        self._calls = 0
        self._lock = threading.Lock()
        self._address = ""
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._address = self._stack.enter_context(server(self._respond)).url
        variables = {**url_variables(self._address), **key_variables()}
        self._stack.enter_context(environment(variables))
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        self._stack.close()
        self.check(error)

    def url(self, provider: str) -> str:
        """Return the base URL for a client that the test makes itself.

        Raises:
            ValueError: There is no such provider.
            RuntimeError: The provider was not entered.
        """
        if not self._address:
            raise RuntimeError("there is no address yet: use `with testing.provider() as llm:`")
        return base_url(self._address, provider)

    @property
    def replies_left(self) -> int:
        """The number of replies that no request has taken."""
        return len(self._scripts)

    def check(self, error: BaseException | None = None) -> None:
        """Raise if a request came that no reply was written for; the plugin does after each test.

        Args:
            error: An error that is raised anyway: it gets a note instead.

        Raises:
            UnexpectedRequestError: There was such a request.
        """
        unexpected, self._unexpected = self._unexpected, []
        if not unexpected:
            return
        message = "no reply was written for:" + "".join(f"\n  {one}" for one in unexpected)
        if error is None:
            raise UnexpectedRequestError(message)
        error.add_note(message)

    # What a test writes.

    def reply(
        self,
        text: str = "",
        *,
        by: int | None = None,
        reasoning: str = "",
        tools: Iterable[ToolCall] = (),
        value: object = MISSING,
        usage: tuple[int, int] | None = None,
        finish_reason: str | None = None,
        pace: Pace | None = None,
        to: str = "",
    ) -> None:
        """Write a reply.

        Args:
            text: The text.
            by: The number of characters of each piece; by default the pieces are words.
            reasoning: The reasoning.
            tools: The calls of tools; see `call`.
            value: The value of a response model: a pydantic model, or what pydantic can write as
                JSON. It is sent as the request wants it: as the call of its tool, or as text.
            usage: The tokens of the request and of the reply; by default the words and the pieces
                are counted.
            finish_reason: ``"stop"``, ``"length"``, ``"tool_calls"`` or ``"content_filter"``, which
                is sent in the provider's word, or another word, which is sent as it is. By default
                the first, or the third if there are calls.
            pace: How fast it is sent, if not as the other replies.
            to: A part of the text of the last message: only such a request takes this reply. A
                reply without it, written before, takes such a request too.

        Raises:
            TypeError: An argument of a call, or the value, cannot be represented as JSON, or a text
                is none.
            ValueError: ``by`` is below 1, or ``pace`` another word.
        """
        calls = [(self._call_id(), call.name, call.json) for call in tools]
        contents = Contents(
            text=text,
            by=by,
            reasoning=reasoning,
            calls=calls,
            value=value,
            usage=usage,
            finish_reason=finish_reason,
        )
        self._add(Complete(to=to, contents=contents, pace=pace or self._pace))

    def fail(
        self,
        status: int,
        message: str = "The test has this request fail",
        *,
        retry_after: float | None = None,
        to: str = "",
    ) -> None:
        """Write an HTTP error.

        Args:
            status: The status, such as 429 or 503.
            message: The message.
            retry_after: The seconds of the header of that name.
            to: A part of the text of the last message; see `reply`.

        Raises:
            ValueError: The status is not that of an error.
        """
        headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
        self._add(Failed(to=to, status=status, message=message, headers=headers))

    def stall(self, after: str = "", *, by: int | None = None, to: str = "") -> None:
        """Write a reply that stops in the middle, while the connection stays open.

        Args:
            after: The text that is sent before. A request for a plain response gets nothing at all.
            by: The number of characters of each piece; see `reply`.
            to: A part of the text of the last message; see `reply`.
        """
        contents = Contents(text=after, by=by)
        self._add(Broken(to=to, contents=contents, fault=loopback.Stall()))

    def cut(self, after: str = "", *, by: int | None = None, to: str = "") -> None:
        """Write a reply whose connection ends in the middle.

        Args:
            after: The text that is sent before. A request for a plain response gets half of one.
            by: The number of characters of each piece; see `reply`.
            to: A part of the text of the last message; see `reply`.
        """
        contents = Contents(text=after, by=by)
        self._add(Broken(to=to, contents=contents, fault=loopback.Abort()))

    def error_event(
        self,
        message: str = "overloaded",
        *,
        status: int = 503,
        after: str = "",
        by: int | None = None,
        to: str = "",
    ) -> None:
        """Write a reply that reports an error in the middle of a stream, whose status is 200.

        Args:
            message: The message of the error.
            status: The HTTP status that it is like. A request for a plain response gets that.
            after: The text that is sent before.
            by: The number of characters of each piece; see `reply`.
            to: A part of the text of the last message; see `reply`.
        """
        contents = Contents(text=after, by=by)
        self._add(Broken(to=to, contents=contents, error=(message, status)))

    def _add(self, script: Script) -> None:
        with self._lock:
            self._scripts.append(script)

    def _call_id(self) -> str:
        self._calls += 1
        return f"call_{self._calls}"

    # What the server does.

    def _respond(self, received: loopback.Request) -> loopback.Response:
        if (response_id := cancelled_id(received)) is not None:
            self.cancelled.append(response_id)
            return loopback.Response.of_json({"id": response_id, "status": "cancelled"})
        try:
            request = read(received)
        except ValueError as error:
            self._unexpected.append(str(error))
            return loopback.Response.of_json({"error": {"message": str(error)}}, 404)
        with self._lock:
            self.requests.append(request)
            found = next((one for one in self._scripts if one.to in request.last), None)
            if found is not None:
                self._scripts.remove(found)
                return found.response(request)
            self._unexpected.append(str(request))
        body = FORMATS[request.provider].error_body(f"no reply was written for {request}", 400)
        return loopback.Response.of_json(body, 400)


def provider(*, pace: Pace = "fast") -> ScriptedProvider:
    """Return a scripted provider, for use outside of pytest; see `ScriptedProvider`.

    Example:
        >>> from mirascope import testing
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with testing.provider() as llm:
        ...     llm.reply("The Name of the Wind")
        ...     for chunk, _ in recommend_book("fantasy"):
        ...         print(chunk.content, end="|")
        |The| Name| of| the| Wind||
        >>> llm.requests[0].messages[-1]
        Message(role='user', content='Recommend a fantasy book')
    """
    return ScriptedProvider(pace=pace)
