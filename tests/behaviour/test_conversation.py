"""Conversations with tools, for every provider, and for `llm.call`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from support.cases import Case, Driver

from mirascope import BaseMessageParam, Messages, errors
from mirascope import llm as agnostic
from mirascope.conversation import (
    Conversation,
    RoundLimitError,
    ToolInterruptedError,
    ToolNotRunError,
    converse,
    history_of,
)
from mirascope.testing import ScriptedProvider, call

History = list[BaseMessageParam]


def get_author(title: str) -> str:
    """Return the author of a book."""
    return f"the author of {title}"


async def find_shelf(title: str) -> int:
    """Return the shelf of a book."""
    await anyio.lowlevel.checkpoint()
    return len(title)


def fail(title: str) -> str:
    """Fail."""
    raise LookupError(f"there is no {title}")


@pytest.fixture(params=["own", "llm"])
def chat(request: pytest.FixtureRequest, case: Case, driver: Driver) -> Callable[..., Any]:
    """Return a function that returns a chat function, sync or async."""

    def make(*tools: Any, **options: Any) -> Any:
        if request.param == "own":
            decorate = case.call("a-model", stream=True, tools=tools, **options)
        else:
            decorate = agnostic.call(f"{case.name}:a-model", stream=True, tools=tools, **options)

        def ask(history: History) -> History:
            return [Messages.System("You are a librarian"), *history]

        async def aask(history: History) -> History:
            return [Messages.System("You are a librarian"), *history]

        return decorate(aask if driver.asynchronous else ask)

    return make


def read(driver: Driver, conversation: Conversation[Any, Any]) -> str:
    return "".join(chunk.content for chunk, _ in driver.read(conversation))


def test_three_rounds(driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]) -> None:
    tools = [get_author, find_shelf] if driver.asynchronous else [get_author]
    name = tools[-1].__name__
    emma = call("get_author", title="Emma")
    llm.reply("One. ", tools=[emma, call(name, title="Ulysses")])
    llm.reply(tools=[call(name, title="Dune")])
    llm.reply("Done.")
    conversation = converse(chat(*tools), "Who wrote Emma?", concurrency=2)
    rounds: list[tuple[int, bool]] = []
    items = iter(driver.read(_noting(driver, conversation, rounds)))
    assert "".join(chunk.content for chunk, _ in items) == "One. Done."
    assert [number for number, begins in rounds if begins] == [1, 2, 3]
    assert sorted(number for number, _ in rounds) == [number for number, _ in rounds]
    outputs = [4, 7] if driver.asynchronous else ["the author of Dune", "the author of Ulysses"]
    assert [message.role for message in conversation.messages] == [
        *("user", "assistant", "tool", "assistant", "tool", "assistant")
    ]
    assert [message.content for message in llm.requests[2].messages if message.role == "tool"] == [
        *("the author of Emma", str(outputs[1]), str(outputs[0]))
    ]
    assert len(conversation.outputs) == 3
    assert llm.requests[2].messages[0] == ("system", "You are a librarian")


def _noting(driver: Driver, conversation: Any, rounds: list[tuple[int, bool]]) -> Any:
    """Return the items of a conversation, and note the rounds."""

    def items() -> Any:
        for item in conversation:
            rounds.append((conversation.round, conversation.begins_round))
            yield item

    async def aitems() -> Any:
        async for item in conversation:
            rounds.append((conversation.round, conversation.begins_round))
            yield item

    return aitems() if driver.asynchronous else items()


def test_the_model_gets_what_goes_wrong(
    driver: Driver, llm: ScriptedProvider, case: Case, chat: Callable[..., Any]
) -> None:
    broken = [
        call("fail", title="Emma"),
        call("get_author"),
        call("nonsense"),
        call("get_author", title="X"),
    ]
    llm.reply(tools=broken)
    llm.reply("I see.")
    conversation = converse(chat(fail, get_author), "Who wrote Emma?")
    assert read(driver, conversation) == "I see."
    failed, invalid, unknown, worked = (
        message.content for message in llm.requests[1].messages if message.role == "tool"
    )
    assert "LookupError: there is no Emma" in failed
    assert "ToolCallError: the arguments for the tool get_author are invalid" in invalid
    assert (
        "the model called a tool 'nonsense' that does not exist; the tools are: fail, get_author"
        in unknown
    )
    assert worked == "the author of X"
    marks = {"anthropic": '"is_error": true', "gemini": '"error":'}
    if mark := marks.get(case.family):
        assert str(llm.requests[1].json).replace("'", '"').replace("True", "true").count(mark) == 3


def test_a_connection_that_is_cut_in_round_two(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    llm.reply("One. ", tools=[call("get_author", title="Emma")])
    llm.cut(after="It")
    llm.reply("It is Jane Austen.")
    conversation = converse(chat(get_author), "Who wrote Emma?")
    with pytest.raises(errors.StreamConnectionError):
        read(driver, conversation)
    assert conversation.stream is not None
    assert conversation.stream.partial().content == "It"
    assert [message.role for message in conversation.messages] == ["user", "assistant", "tool"]
    assert read(driver, conversation) == "It is Jane Austen."
    assert llm.requests[2].messages == llm.requests[1].messages


def test_a_history_is_saved_and_continued(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    llm.reply(tools=[call("get_author", title="Emma")])
    llm.reply("Jane Austen.")
    llm.reply("In 1815.")
    conversation = converse(chat(get_author), "Who wrote Emma?")
    read(driver, conversation)
    history = history_of(conversation.to_json())
    assert history == conversation.messages
    again = converse(chat(get_author), [*history, Messages.User("When?")])
    assert read(driver, again) == "In 1815."
    assert [role for role, _ in llm.requests[2].messages] == [
        *("system", "user", "assistant", "tool", "assistant", "user")
    ]
    with pytest.raises(ValueError, match="there is no new message"):
        read(driver, again)


def test_the_number_of_rounds_is_limited(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    for _ in range(2):
        llm.reply(tools=[call("get_author", title="Emma")])
    llm.reply("Done.")
    conversation = converse(chat(get_author), "Who wrote Emma?", max_rounds=2)
    with pytest.raises(RoundLimitError, match="still calls tools in round 2"):
        read(driver, conversation)
    assert [type(output) for _, output in conversation.outputs] == [str, ToolNotRunError]
    assert read(driver, conversation) == "Done."
    assert llm.requests[2].messages[-1] == ("tool", "ToolNotRunError: it was not run")


def test_tools_are_approved(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    titles = ["Emma", "Dune", "Ulysses"]
    llm.reply(tools=[call("get_author", title=title) for title in titles])
    llm.reply("Done.")
    decisions = {"Emma": True, "Dune": False, "Ulysses": "It is too long."}

    def approve(tool: Any) -> Any:
        return decisions[tool.args["title"]]

    async def aapprove(tool: Any) -> Any:
        return decisions[tool.args["title"]]

    hook = aapprove if driver.asynchronous else approve
    assert read(driver, converse(chat(get_author), "Who?", approve=hook)) == "Done."
    assert [content for role, content in llm.requests[1].messages if role == "tool"] == [
        "the author of Emma",
        "ToolNotRunError: the user declined this call",
        "ToolNotRunError: It is too long.",
    ]


def test_a_tool_that_is_too_late(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    released = threading.Event()

    def wait(title: str) -> str:
        """Wait."""
        released.wait(30)
        return title

    async def await_(title: str) -> str:
        """Wait."""
        await anyio.sleep(30)
        return title

    await_.__name__ = "wait"
    llm.reply(tools=[call("wait", title="Emma"), call("get_author", title="Emma")])
    llm.reply("Done.")
    slow = await_ if driver.asynchronous else wait
    conversation = converse(chat(slow, get_author), "Who?", tool_timeout=0.2)
    assert read(driver, conversation) == "Done."
    released.set()
    assert [content for role, content in llm.requests[1].messages if role == "tool"] == [
        "TimeoutError: the tool took longer than 0.2 seconds",
        "the author of Emma",
    ]


def test_tools_run_at_once(driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]) -> None:
    together = threading.Barrier(3, timeout=10)

    def meet(title: str) -> str:
        """Meet the others."""
        together.wait()
        return title

    llm.reply(tools=[call("meet", title=title) for title in "abc"])
    llm.reply("Done.")
    assert read(driver, converse(chat(meet), "Who?", concurrency=3)) == "Done."
    assert [content for role, content in llm.requests[1].messages if role == "tool"] == [*"abc"]


def test_an_interrupted_tool_leaves_a_history_that_can_be_sent(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    class StopError(BaseException):
        """Something that is no error of a tool."""

    def stop(title: str) -> str:
        """Stop the program."""
        raise StopError(title)

    llm.reply(tools=[call("get_author", title="Emma"), call("stop", title="Emma")])
    llm.reply("Done.")
    conversation = converse(chat(get_author, stop), "Who?")
    with pytest.raises(BaseException) as raised:  # noqa: PT011  # a group, if it is async
        read(driver, conversation)
    assert not isinstance(raised.value, Exception)
    assert conversation.outputs[0][1] == "the author of Emma"
    assert read(driver, conversation) == "Done."
    assert llm.requests[1].messages[-1] == (
        "tool",
        "ToolInterruptedError: it was interrupted, and may have taken effect",
    )


@pytest.mark.parametrize("concurrency", [1, 3])
def test_the_outputs_of_tools_that_have_run_survive_an_interruption(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any], concurrency: int
) -> None:
    class StopError(BaseException):
        """Something that is no error of a tool."""

    done = threading.Event()

    def pay(title: str) -> str:
        """Pay."""
        done.set()
        return title

    def stop(title: str) -> str:
        """Stop the program when the other has run."""
        done.wait(10)
        raise StopError(title)

    llm.reply(tools=[call("pay", title="Emma"), call("stop", title="Emma")])
    llm.reply("Done.")
    conversation = converse(chat(pay, stop), "Who?", concurrency=concurrency)
    with pytest.raises(BaseException) as raised:  # noqa: PT011  # a group, if it is async
        read(driver, conversation)
    assert not isinstance(raised.value, Exception)
    assert [type(output) for _, output in conversation.outputs] == [str, ToolInterruptedError]
    assert read(driver, conversation) == "Done."


def test_a_cancelled_task_does_not_deny_what_a_tool_does(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    if not driver.asynchronous:
        pytest.skip("a task is async")
    started, released = threading.Event(), threading.Event()

    def pay(title: str) -> str:
        """Pay."""
        started.set()
        released.wait(10)
        return title

    llm.reply(tools=[call("pay", title="Emma")])
    llm.reply("Done.")
    conversation = converse(chat(pay), "Who?")

    async def cancelled() -> None:
        async def read_it() -> None:
            async for _ in conversation:
                pass

        async with anyio.create_task_group() as group:
            group.start_soon(read_it)
            await anyio.to_thread.run_sync(started.wait)
            group.cancel_scope.cancel()
        released.set()

    driver.run(cancelled)
    assert [type(output) for _, output in conversation.outputs] == [ToolInterruptedError]
    assert read(driver, conversation) == "Done."


def test_outputs_that_are_hard_to_send(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    def list_files(title: str) -> Any:
        """List files."""
        return map(str, range(3)) if title == "Emma" else "caf\udce9"

    def refuse(title: str) -> str:
        """Raise."""
        raise LookupError("caf\udce9" + title)

    async def cancel(title: str) -> str:
        """Raise what a cancelled task raises."""
        raise asyncio.CancelledError(title)

    tools = [list_files, refuse, *([cancel] if driver.asynchronous else [])]
    calls = [
        call("list_files", title="Emma"),
        call("list_files", title="x"),
        call("refuse", title=""),
    ]
    llm.reply(tools=[*calls, *([call("cancel", title="x")] if driver.asynchronous else [])])
    llm.reply("Done.")
    conversation = converse(chat(*tools), Messages.User("Which?"))
    assert read(driver, conversation) == "Done."
    assert history_of(conversation.to_json()) == conversation.messages
    outputs = [content for role, content in llm.requests[1].messages if role == "tool"]
    assert outputs[:3] == ['["0","1","2"]', "caf\\udce9", "LookupError: caf\\udce9"]
    assert outputs[3:] == (
        ["RuntimeError: the tool was cancelled x"] if driver.asynchronous else []
    )


def test_iterations_of_one_conversation_do_not_mix(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    if driver.asynchronous:
        pytest.skip("the same code")
    llm.reply("One.")
    llm.reply("Two.")
    conversation = converse(chat(), "Who?")
    items = iter(conversation)
    next(items)
    assert read(driver, conversation) == "Two."
    with pytest.raises(RuntimeError, match="another iteration of this conversation has begun"):
        list(items)
    assert [message.role for message in conversation.messages] == ["user", "assistant"]


def test_leaving_closes_the_connection(
    driver: Driver, llm: ScriptedProvider, chat: Callable[..., Any]
) -> None:
    llm.stall(after="It is")
    conversation = converse(chat(get_author), "Who?")

    def leave() -> None:
        for chunk, _ in conversation:
            if chunk.content:
                break

    async def aleave() -> None:
        items = aiter(conversation)
        async for chunk, _ in items:
            if chunk.content:
                break
        await items.aclose()

    driver.run(aleave) if driver.asynchronous else leave()
    assert conversation.stream is not None
    assert conversation.stream.state == "closed"
    assert len(conversation.messages) == 1


def test_mistakes_are_named(case: Case) -> None:
    @case.call("a-model")
    def plain(history: History) -> History:
        return history

    @case.call("a-model", stream=True)
    async def asynchronous(history: History) -> History:
        return history

    with pytest.raises(ValueError, match="both must be above 0"):
        converse(asynchronous, "Hello", max_rounds=0)
    with pytest.raises(ValueError, match="`tool_timeout` is 0"):
        converse(asynchronous, "Hello", tool_timeout=0)
    raw: Any = [{"role": "user", "content": "Hello"}]
    with pytest.raises(TypeError, match="a message of the history is a dict"):
        converse(asynchronous, raw)
    with pytest.raises(TypeError, match="is async: use `async for`"):
        list(converse(asynchronous, "Hello"))
    with pytest.raises(ValueError, match="there is no new message"):
        list(converse(plain, []))


def test_it_needs_a_stream(case: Case, llm: ScriptedProvider) -> None:
    @case.call("a-model")
    def plain(history: History) -> History:
        return history

    llm.reply("Hello")
    with pytest.raises(TypeError, match="`stream=True` and without `response_model`"):
        list(converse(plain, "Hello"))
