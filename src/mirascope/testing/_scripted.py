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
    """There was a request for which the test wrote no reply."""


class ScriptedProvider:
    """A fake provider on localhost whose replies you write; use it with ``with``.

    Inside the block, the default clients of all providers connect to it, with a fake API key: it
    sets the environment variables of their base URLs and keys, and restores them at the end. Each
    request gets the next reply that you wrote, for any provider, streamed or not. In pytest, the
    fixture ``llm`` is such a provider.

    Args:
        pace (str): How fast replies are sent: ``"fast"`` (the default), or ``"live"``: the first
            event after 0.3 seconds, the others every 0.03 seconds.

    Attributes:
        requests (list[Request]): The requests so far.
        cancelled (list[str]): The ids of the background responses that were cancelled. A
            cancellation uses no reply.

    Raises:
        UnexpectedRequestError: At the end of the block: there was a request without a reply.

    Example:
        >>> from mirascope import testing
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with testing.ScriptedProvider() as llm:
        ...     llm.reply("Emma")  # or llm.fail(429), llm.cut(after="Em"), llm.stall(after="Em")
        ...     print("".join(chunk.content for chunk, _ in recommend_book("classic")))
        Emma
        >>> llm.requests[0].messages[-1]
        Message(role='user', content='Recommend a classic book')
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
        """Return the base URL for a client that you make yourself.

        Args:
            provider: The name of the provider, such as ``"openai"``.

        Raises:
            ValueError: There is no such provider.
            RuntimeError: You called it outside of the ``with`` block.
        """
        if not self._address:
            raise RuntimeError(
                "there is no URL outside of the block: use `with testing.provider() as llm:`"
            )
        return base_url(self._address, provider)

    @property
    def replies_left(self) -> int:
        """The number of replies that no request has used yet."""
        return len(self._scripts)

    def check(self, error: BaseException | None = None) -> None:
        """Raise an error if there was a request without a reply; the pytest plugin calls this.

        Args:
            error: An error that is being raised. It gets a note, and no other error is raised.

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
        """Write the next reply.

        Args:
            text (str): The text.
            by (int | None): The number of characters of each piece. Default: a piece is a word.
            reasoning (str): The text of the reasoning.
            tools (Iterable[ToolCall]): The tool calls; see `call`.
            value (object): The value for a response model: a pydantic model, or anything that
                pydantic can write as JSON. It is sent as the request needs it: as a tool call, or
                as text.
            usage (tuple[int, int] | None): The tokens of the request and of the reply. Default: the
                number of words of the request and of pieces of the reply.
            finish_reason (str | None): ``"stop"``, ``"length"``, ``"tool_calls"`` or
                ``"content_filter"``, which are translated for the provider; any other word is sent
                unchanged. Default: ``"tool_calls"`` if there are tool calls, else ``"stop"``.
            pace (str | None): ``"fast"`` or ``"live"``. Default: the pace of this provider.
            to (str): Use this reply only for a request whose last message contains this text. Note
                that an earlier reply without ``to`` is used first.

        Raises:
            TypeError: ``text`` is not a text, or a value cannot be written as JSON.
            ValueError: ``by`` is less than 1, or ``pace`` is invalid.
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
        """Write an HTTP error as the next reply.

        Args:
            status (int): The HTTP status, such as 429 or 503.
            message (str): The error message.
            retry_after (float | None): The value of the header ``retry-after``, in seconds.
            to (str): A text in the last message of the request; see `reply`.

        Raises:
            ValueError: ``status`` is not an error status (400 to 599).
        """
        headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
        self._add(Failed(to=to, status=status, message=message, headers=headers))

    def stall(self, after: str = "", *, by: int | None = None, to: str = "") -> None:
        """Write a reply that stops in the middle; the connection stays open.

        Args:
            after (str): The text that is sent before. A request without ``stream`` gets nothing at
                all.
            by (int | None): The number of characters of each piece; see `reply`.
            to (str): A text in the last message of the request; see `reply`.
        """
        contents = Contents(text=after, by=by)
        self._add(Broken(to=to, contents=contents, fault=loopback.Stall()))

    def cut(self, after: str = "", *, by: int | None = None, to: str = "") -> None:
        """Write a reply whose connection ends in the middle.

        Args:
            after (str): The text that is sent before. A request without ``stream`` gets half of a
                response.
            by (int | None): The number of characters of each piece; see `reply`.
            to (str): A text in the last message of the request; see `reply`.
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
        """Write a reply with the HTTP status 200 that reports an error in the middle of the stream.

        Args:
            message (str): The error message.
            status (int): The HTTP status that the error is like. A request without ``stream`` gets
                this status.
            after (str): The text that is sent before.
            by (int | None): The number of characters of each piece; see `reply`.
            to (str): A text in the last message of the request; see `reply`.
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

    Args:
        pace (str): ``"fast"`` or ``"live"``; see `ScriptedProvider`.

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
