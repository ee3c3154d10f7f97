"""A session: turns of a conversation with one model, each printed and added to the log."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

import click
from pydantic import ValidationError

from mirascope._cli.attachments import part_of_file
from mirascope._cli.calls import Plain, make_call
from mirascope._cli.exchange import Exchange
from mirascope._cli.failures import reason
from mirascope._cli.log import Log, LogError, Turn, json_of, storable
from mirascope._cli.models import provider_and_model
from mirascope._cli.options import Options, PromptOptions
from mirascope._cli.schema import response_model
from mirascope._cli.terminal import (
    INTERRUPTED,
    UNREAD,
    UserError,
    can_redraw,
    discard_output,
    piped,
    report,
    text_of,
)
from mirascope._cli.tools import approve, check_approval, load_tools
from mirascope._cli.views import EventView, TextView, ValueView, live
from mirascope.conversation import RoundLimitError
from mirascope.core import BaseMessageParam, Messages, TextPart
from mirascope.core._prompts.message_param import Part
from mirascope.errors import MirascopeError


def respond(prompt: str | None, options: PromptOptions) -> int:
    """Send one prompt and print the response; return the exit code."""
    if options["as_json"] and options["live"]:
        raise click.UsageError("--json and --live cannot be combined")
    text = "\n\n".join(part for part in (text_of(prompt or ""), piped()) if part)
    if not text.strip():
        raise click.UsageError("there is no prompt: pass it as an argument or pipe it in")
    parts = [part_of_file(path) for path in options["attachments"]]
    schema = options["schema"]
    kind = None if schema is None else response_model(text_of(schema))
    session = Session(options, kind, as_json=options["as_json"])
    return session.turn(text, parts)


class Session:
    """A conversation with one model.

    Args:
        options: The options of the command.
        kind: The type of the responses, if it is not text.
        as_json: Whether to print events.
        ends: Whether it is one turn, after which a second Ctrl-C ends the process at once.

    Attributes:
        model: The model, as PROVIDER:MODEL.
        log: The log, also if nothing is added to it.

    Raises:
        MirascopeError: The options cannot be used, or there is no conversation to continue.
    """

    def __init__(
        self, options: Options, kind: Any = None, *, as_json: bool = False, ends: bool = True
    ) -> None:
        self.log = Log()
        self._options = options
        self._kind = kind
        self._as_json = as_json
        self._ends = ends
        self._tools = load_tools(options["tools"])
        for option, is_used in (("--schema", kind is not None), ("--live", options["live"])):
            if self._tools and is_used:
                raise UserError(f"--tool and {option} cannot be combined")
        if self._tools and not options["yes"]:
            check_approval()
        self._show = live() if options["live"] and can_redraw() else None
        self._history: list[BaseMessageParam] = []
        self._number: int | None = None
        last_model = self._resume() if options["resume"] else None
        provider, model = provider_and_model(
            last_model if options["model"] is None else options["model"]
        )
        self.model = f"{provider}:{model}"
        system = options["system"]
        self._system = [Messages.System(text_of(system))] if system else []
        self._respond = make_call(provider, model, options, self._tools, kind)

    def _resume(self) -> str:
        """Load the last conversation; return its model."""
        found = self.log.last(1)
        if not found:
            raise UserError("there is no conversation to continue")
        self._history, self._number = found[0].history, found[0].id
        return found[0].turns[-1].model

    def turn(self, prompt: str, parts: Sequence[Part] = ()) -> int:
        """Send a prompt, print the response, add both to the log; return the exit code.

        Whatever ends the response, what was received stays in the history.
        """
        view = self._view()
        message = Messages.User([*parts, TextPart(text=prompt)] if parts else prompt)
        new = [*self._system, message]
        exchange = Exchange(self._respond, _with_one_system([*self._history, *new]), view)
        failure, code = self._run(exchange, view)
        added = exchange.messages
        if added:
            self._history += [*new, *added]
            self._system = []
        if code != UNREAD:
            self._report(exchange, failure)
        if added and not self._options["no_log"]:
            self._add_to_log(exchange, prompt, [*new, *added], _state(failure, exchange))
        return code

    def _view(self) -> TextView:
        if self._as_json:
            return EventView()
        return TextView() if self._kind is None else ValueView(self._kind)

    def _run(self, exchange: Exchange, view: TextView) -> tuple[BaseException | None, int]:
        """Run an exchange; return what has ended it early, and the exit code."""
        failure: BaseException | None = None
        code = 0
        try:
            try:
                if self._tools:
                    exchange.run_with_tools(None if self._options["yes"] else approve)
                else:
                    exchange.run(self._show)
            except (MirascopeError, RoundLimitError, ValidationError) as error:
                failure, code = error, 1
            except KeyboardInterrupt as error:
                if self._ends:
                    signal.signal(signal.SIGINT, signal.SIG_DFL)
                failure, code = error, INTERRUPTED
            view.finish(failure)
        except OSError as error:  # of the output
            discard_output()
            failure, code = error, UNREAD if isinstance(error, BrokenPipeError) else 1
        return failure, code

    def _report(self, exchange: Exchange, failure: BaseException | None) -> None:
        if isinstance(failure, KeyboardInterrupt):
            report("stopped; the response is not complete")
        elif failure is not None:
            report(reason(failure))
        stream = exchange.streams[-1] if exchange.streams else None
        if stream is None or stream.time_to_first_chunk is None:
            return
        is_limited = failure is None and not self._options["max_tokens"]
        if is_limited and stream.finish_reasons == ["length"]:
            report("the response is cut off: it reached the model's maximum length")
        if self._options["stats"]:
            report(_stats(stream, stream.time_to_first_chunk))

    def _add_to_log(
        self, exchange: Exchange, prompt: str, messages: list[BaseMessageParam], state: str
    ) -> None:
        turn = Turn(
            exchange.began,
            self.model,
            prompt,
            storable(exchange.response),
            state,
            *exchange.tokens(),
            json_of(messages),
        )
        try:
            self._number = self.log.add(self._number, turn)
        except LogError as error:
            report(f"{error}; the response is not saved")


def _with_one_system(messages: list[BaseMessageParam]) -> list[BaseMessageParam]:
    """Return messages with the last one of the system's only, as the first one."""
    systems = [message for message in messages if message.role == "system"]
    return [*systems[-1:], *(message for message in messages if message.role != "system")]


def _state(failure: BaseException | None, exchange: Exchange) -> str:
    if failure is None:
        return "finished"
    if isinstance(failure, KeyboardInterrupt | BrokenPipeError):
        return "closed"
    return "truncated" if exchange.streams[-1].state == "truncated" else "failed"


def _stats(stream: Plain, first: float) -> str:
    stats = [stream.model, f"first token after {first:.2f} s"]
    more = (stream.output_tokens or 1) - 1
    seconds = (stream.end_time - stream.start_time) / 1000 - first
    if more and seconds > 0:
        stats.append(f"then {more / seconds:.1f} tokens/s")
    for count, kind in (stream.input_tokens, "input"), (stream.output_tokens, "output"):
        stats.append(f"{'unknown' if count is None else count} {kind} tokens")
    stats.append(f"finish reason: {', '.join(stream.finish_reasons or ['none'])}")
    return ", ".join(stats)
