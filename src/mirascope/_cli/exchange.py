"""One prompt and the response to it, with the calls of tools between."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from typing import Any, cast

from mirascope._cli.calls import Plain, Respond
from mirascope._cli.views import Show, TextView
from mirascope.conversation import Conversation, Decision, converse
from mirascope.core import BaseMessageParam, BaseTool, Messages
from mirascope.core.base import BaseStructuredStream

Approve = Callable[[BaseTool], Decision]


class Exchange:
    """A prompt and the response to it.

    Args:
        respond: Sends a history to the model.
        history: The history; the last message is the prompt.
        view: Prints the response.

    Attributes:
        began: When it began, in seconds since the epoch.
        streams: The streams so far: one, or one for each round of a loop with tools.
    """

    def __init__(
        self, respond: Respond, history: Sequence[BaseMessageParam], view: TextView
    ) -> None:
        self.began = time.time()
        self.streams: list[Plain] = []
        self._respond = respond
        self._history = [*history]
        self._view = view
        self._conversation: Conversation[Any, Any] | None = None
        self._complete: list[BaseMessageParam] = []
        self._shown = 0

    def run(self, show: Show | None) -> None:
        """Print one response, with ``show`` if that is given."""
        stream = self._respond(self._history)
        plain = stream.stream if isinstance(stream, BaseStructuredStream) else stream
        self.streams.append(plain)
        if show is not None:
            show(stream)
        else:
            self._view.begin(stream)
            self._print(plain)
            self._view.end(())
        # A call of the response model has no result, so it could not be sent back.
        is_value = isinstance(stream, BaseStructuredStream)
        message = Messages.Assistant(_text(plain)) if is_value else plain.common_message_param
        self._complete = [message]

    def run_with_tools(self, approve: Approve | None) -> None:
        """Print the responses of a loop with tools."""

        def check(tool: BaseTool) -> Decision:
            self._view.call(tool)
            return approve is None or approve(tool)

        self._conversation = converse(self._next_round, self._history, approve=check)
        self._print(self._conversation)
        self._end_round(self._conversation)

    def _end_round(self, conversation: Conversation[Any, Any]) -> None:
        """Print the outputs of a round."""
        outputs = conversation.outputs[self._shown :]
        self._shown += len(outputs)
        self._view.end(outputs)

    def _next_round(self, history: list[BaseMessageParam]) -> Plain:
        if self.streams and self._conversation:
            self._end_round(self._conversation)
        stream = cast("Plain", self._respond(history))
        self.streams.append(stream)
        self._view.begin(stream)
        return stream

    def _print(self, stream: Iterable[Any]) -> None:
        with closing(cast("Generator[tuple[Any, Any]]", iter(stream))) as items:
            for chunk, tool in items:
                self._view.item(chunk, tool)

    @property
    def messages(self) -> list[BaseMessageParam]:
        """What is to be added to the history, whatever has ended it; empty if nothing came.

        It ends with a message of the model, so that the next prompt can follow.
        """
        added = self._complete
        if self._conversation is not None:
            added = self._conversation.messages[len(self._history) :]
        if added and added[-1].role == "assistant":
            return added
        cut_off = self.streams and self.streams[-1].state != "finished"
        partial = _text(self.streams[-1]) if cut_off else ""
        return [*added, Messages.Assistant(partial or "...")] if added or partial else []

    @property
    def response(self) -> str:
        """The text of all rounds, as far as it was received."""
        return "\n".join(filter(None, map(_text, self.streams)))

    def tokens(self) -> tuple[int | None, int | None]:
        """Return the tokens of all rounds, in and out, as far as they are reported."""
        counts_in = [n for stream in self.streams if (n := stream.input_tokens) is not None]
        counts_out = [n for stream in self.streams if (n := stream.output_tokens) is not None]
        return (int(sum(counts_in)) if counts_in else None), (
            int(sum(counts_out)) if counts_out else None
        )


def _text(stream: Plain) -> str:
    """Return the text of a response; of one that is only calls, their arguments."""
    is_value = stream.structured and not stream.content
    arguments = (call.arguments for call in stream.reply.kept_calls) if is_value else ()
    return stream.content or "".join(arguments)
