"""A conversation: its history, and the rounds that an iteration runs."""

from __future__ import annotations

import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterator,
    Sequence,
)
from contextlib import aclosing, closing
from typing import Any, Final, Generic, TypeAlias, cast, overload

from pydantic import TypeAdapter
from typing_extensions import TypedDict, TypeVar, Unpack

from mirascope.conversation._tool_runs import Decision, Output, ToolNotRunError, ToolRun, ToolRunner
from mirascope.core._engine.stream import BaseStream
from mirascope.core._prompts.message_param import BaseMessageParam, ToolCallPart
from mirascope.core._prompts.messages import Messages
from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._tools.tool import BaseTool
from mirascope.core._tools.tool_calls import build_tool, by_name, tool_call_record
from mirascope.errors import ToolCallError

ChunkT = TypeVar("ChunkT", bound=BaseCallResponseChunk[Any, Any])
ToolT = TypeVar("ToolT", bound=BaseTool)
AnyStream: TypeAlias = BaseStream[Any, Any, Any, Any]
StreamOf: TypeAlias = BaseStream[Any, ChunkT, ToolT, Any, Any, Any, Any]

_HISTORY: Final = TypeAdapter(list[BaseMessageParam])


class RoundLimitError(RuntimeError):
    """The model still calls tools in the last round that ``max_rounds`` allows."""


class _Options(TypedDict, total=False):
    """The options of `converse`."""

    max_rounds: int
    concurrency: int
    tool_timeout: float | None


class Conversation(Generic[ChunkT, ToolT]):
    """A conversation with a model that calls tools; `converse` returns it.

    Iterate it with ``for``, or with ``async for`` if its function is async. Each item is a pair: a
    chunk, and the tool whose call it completes, or ``None``. The items of all rounds follow one
    another.

    Attributes:
        messages (list[BaseMessageParam]): The history. A round is added when it is complete, so you
            can always send the history. For the next turn, append a message and iterate again. If
            an iteration ends early, the next one repeats the incomplete round.
        round (int): The number of the round of the last item, starting at 1 in each iteration.
        begins_round (bool): Whether the last item is the first item of its round.
        stream (BaseStream | None): The stream of the last round; ``None`` before the first round.
        outputs (list): The tools of this iteration, each with its output, or with the error that
            the model received. An invalid call is a `ToolCallPart`.

    Raises:
        StreamError: While iterating: a response failed.
        RoundLimitError: The model still calls tools in the last round of ``max_rounds``.
        ValueError: There is no message to respond to.
        TypeError: The function does not stream, or it is async and you used ``for``.
        RuntimeError: Another iteration of the same conversation has begun.
    """

    def __init__(
        self,
        fn: Callable[[list[BaseMessageParam]], object],
        messages: Sequence[BaseMessageParam] | BaseMessageParam | str,
        runner: ToolRunner,
        max_rounds: int,
    ) -> None:
        if isinstance(messages, str):
            messages = Messages.User(messages)
        self.messages: list[BaseMessageParam] = (
            [messages] if isinstance(messages, BaseMessageParam) else [*messages]
        )
        for message in self.messages:
            if not isinstance(message, BaseMessageParam):  # pyright: ignore[reportUnnecessaryIsInstance]  # users are not all checked
                raise TypeError(
                    f"a message of the history is a {type(message).__name__}; it must be a "
                    "BaseMessageParam, such as Messages.User(...). `history_of` reads saved JSON"
                )
        self.round = 0
        self.begins_round = False
        self.stream: AnyStream | None = None
        self.outputs: list[tuple[BaseTool | ToolCallPart, Output]] = []
        self._fn = fn
        self._runner = runner
        self._max_rounds = max_rounds
        self._has_items = False
        self._iteration = object()

    def to_json(self) -> str:
        """Return the history as JSON; `history_of` reads it."""
        return _HISTORY.dump_json(self.messages).decode()

    # The drivers, sync and async, differ in what they await.

    def __iter__(self) -> Iterator[tuple[ChunkT, ToolT | None]]:
        with closing(self.steps()) as steps:
            for step in steps:
                if isinstance(step, tuple):
                    continue
                with closing(cast("Generator[tuple[ChunkT, ToolT | None]]", iter(step))) as items:
                    try:
                        for item in items:
                            self.begins_round, self._has_items = not self._has_items, True
                            yield item
                    except ToolCallError:  # the model gets it
                        continue

    async def __aiter__(self) -> AsyncIterator[tuple[ChunkT, ToolT | None]]:
        async with aclosing(self.asteps()) as steps:
            async for step in steps:
                if isinstance(step, tuple):
                    continue
                async with aclosing(
                    cast("AsyncGenerator[tuple[ChunkT, ToolT | None]]", aiter(step))
                ) as items:
                    try:
                        async for item in items:
                            self.begins_round, self._has_items = not self._has_items, True
                            yield item
                    except ToolCallError:  # the model gets it
                        continue

    def steps(self) -> Generator[StreamOf[ChunkT, ToolT] | tuple[BaseTool, Output]]:
        """Yield the stream of each round, and then each of its tools with the output.

        Read each stream to its end before the next step. You can pass the result to
        `mirascope.web`: ``ai_sdk.response(conversation.steps())``.
        """
        iteration = self._begin_iteration()
        for number in self._rounds():
            stream = self._begin(number, self._fn([*self.messages]))
            yield stream
            runs = self._runs(stream, iteration)
            try:
                if number < self._max_rounds:
                    self._runner.run(runs)
            finally:
                self._end(stream, runs)
            yield from _outputs(runs)
            if not runs:
                return

    async def asteps(self) -> AsyncGenerator[StreamOf[ChunkT, ToolT] | tuple[BaseTool, Output]]:
        """Yield the stream of each round, and its tools with their outputs, async; see `steps`."""
        iteration = self._begin_iteration()
        for number in self._rounds():
            returned = self._fn([*self.messages])
            awaited = await returned if inspect.isawaitable(returned) else returned
            stream = self._begin(number, awaited)
            yield stream
            runs = self._runs(stream, iteration)
            try:
                if number < self._max_rounds:
                    await self._runner.arun(runs)
            finally:
                self._end(stream, runs)
            for output in _outputs(runs):
                yield output
            if not runs:
                return

    def _begin_iteration(self) -> object:
        self._iteration, self.outputs = object(), []
        return self._iteration

    def _rounds(self) -> Iterator[int]:
        if not self.messages or self.messages[-1].role == "assistant":
            raise ValueError(
                "there is no new message: append one to `conversation.messages`, such as "
                'Messages.User("Go on")'
            )
        yield from range(1, self._max_rounds + 1)
        raise RoundLimitError(
            f"the model still calls tools in round {self._max_rounds}, the limit of `max_rounds`; "
            "to continue, iterate the conversation again"
        )

    def _begin(self, number: int, stream: object) -> StreamOf[ChunkT, ToolT]:
        """Begin a round."""
        if inspect.iscoroutine(stream):
            stream.close()
            raise TypeError("the function of this conversation is async: use `async for`")
        if not isinstance(stream, BaseStream):
            raise TypeError(
                "`converse` needs a function with `stream=True` and without `response_model`: "
                f"this function returns a {type(stream).__name__}"
            )
        self.round, self._has_items = number, False
        self.stream = cast("AnyStream", stream)
        return cast("StreamOf[ChunkT, ToolT]", stream)

    def _runs(self, stream: AnyStream, iteration: object) -> list[ToolRun]:
        """Return the runs of the tools that a complete response calls.

        Raises:
            StreamNotFinished: It is not complete.
            RuntimeError: Another iteration has begun.
        """
        stream.construct_call_response()
        if iteration is not self._iteration:
            raise RuntimeError(
                "another iteration of this conversation has begun: iterate a conversation in one "
                "thread or task at a time"
            )
        types = by_name(stream.tool_types or [])
        runs: list[ToolRun] = []
        for record in map(tool_call_record, stream.reply.kept_calls):
            try:
                tool = build_tool(types, record)
                runs.append(ToolRun(record, tool, ToolNotRunError("it was not run")))
            except ToolCallError as error:
                runs.append(ToolRun(record, None, error))
        return runs

    def _end(self, stream: AnyStream, runs: list[ToolRun]) -> None:
        """Add a round to the history: the response, and a result for each of its calls."""
        self.outputs += [(run.shown, run.output) for run in runs]
        self.messages.append(stream.common_message_param)
        if runs:
            results = [run.result() for run in runs]
            self.messages.append(BaseMessageParam(role="tool", content=results))


def _outputs(runs: list[ToolRun]) -> Iterator[tuple[BaseTool, Output]]:
    """Yield the tools and their outputs; an invalid call is an error of its stream."""
    return ((run.tool, run.output) for run in runs if run.tool)


@overload
def converse(
    fn: Callable[[list[BaseMessageParam]], Coroutine[object, object, StreamOf[ChunkT, ToolT]]],
    messages: Sequence[BaseMessageParam] | BaseMessageParam | str,
    *,
    approve: Callable[[BaseTool], Decision | Awaitable[Decision]] | None = None,
    **options: Unpack[_Options],
) -> Conversation[ChunkT, ToolT]: ...
@overload
def converse(
    fn: Callable[[list[BaseMessageParam]], StreamOf[ChunkT, ToolT]],
    messages: Sequence[BaseMessageParam] | BaseMessageParam | str,
    *,
    approve: Callable[[BaseTool], Decision] | None = None,
    **options: Unpack[_Options],
) -> Conversation[ChunkT, ToolT]: ...
def converse(
    fn: Callable[[list[BaseMessageParam]], object],
    messages: Sequence[BaseMessageParam] | BaseMessageParam | str,
    *,
    max_rounds: int = 10,
    concurrency: int = 1,
    tool_timeout: float | None = None,
    approve: Callable[[BaseTool], Decision | Awaitable[Decision]] | None = None,
) -> Conversation[Any, Any]:
    """Call a model, run the tools that it calls, and call it again, until it calls no more tools.

    If a tool raises an error, the conversation continues: the model receives the error. The same
    happens for an invalid tool call.

    Args:
        fn (Callable): A function with a call decorator that has ``stream=True``, of any provider or
            of `llm`. It gets the history, and its prompt must contain it.
        messages: The history, or the text of the first message.
        max_rounds (int): The maximum number of responses in one iteration. The tools that the last
            of them calls are not run.
        concurrency (int): The number of tools that run at once, in threads or tasks.
        tool_timeout (float | None): The time limit of a tool in seconds. Default: no limit. A sync
            tool continues in its thread after that, but its output is not used.
        approve (Callable | None): Gets each tool before it runs. It returns true to allow the tool,
            or false, or a text with the reason, to refuse it. It can be async if ``fn`` is async.

    Returns:
        The `Conversation`: iterate it.

    Raises:
        TypeError: A message of the history is not a `BaseMessageParam`, for example a dict.
        ValueError: ``max_rounds`` or ``concurrency`` is less than 1, or ``tool_timeout`` is not
            greater than 0.

    Example:
        >>> from mirascope import BaseMessageParam, converse, llm, testing
        >>> def get_author(title: str) -> str:
        ...     '''Returns the author of a book.'''
        ...     return "Jane Austen"
        >>> @llm.call("openai:gpt-4o-mini", stream=True, tools=[get_author])
        ... def chat(history: list[BaseMessageParam]) -> list[BaseMessageParam]:
        ...     return history
        >>> with testing.provider() as provider:  # in place of a model
        ...     provider.reply(tools=[testing.call("get_author", title="Emma")])
        ...     provider.reply("It is Jane Austen.")
        ...     conversation = converse(chat, "Who wrote Emma?")
        ...     print("".join(chunk.content for chunk, _ in conversation))
        It is Jane Austen.
        >>> [message.role for message in conversation.messages]
        ['user', 'assistant', 'tool', 'assistant']
    """
    if max_rounds < 1 or concurrency < 1:
        raise ValueError(
            f"`max_rounds` is {max_rounds} and `concurrency` is {concurrency}; both must be above 0"
        )
    if tool_timeout is not None and tool_timeout <= 0:
        raise ValueError(
            f"`tool_timeout` is {tool_timeout}; it must be a number of seconds above 0"
        )
    runner = ToolRunner(concurrency, tool_timeout, approve)
    return Conversation(fn, messages, runner, max_rounds)


def history_of(saved: str | bytes) -> list[BaseMessageParam]:
    """Return the history from the JSON that `Conversation.to_json` returned.

    Raises:
        pydantic.ValidationError: The JSON is not such a history.
    """
    return _HISTORY.validate_json(saved)
