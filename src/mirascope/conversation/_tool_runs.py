"""Runs the tools that a response calls, one after another or several at once."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeAlias, cast

import anyio
from anyio.to_thread import run_sync

from mirascope.core._calls.default_clients import on_asyncio
from mirascope.core._prompts.message_param import ToolCallPart, ToolResultPart
from mirascope.core._tools.tool import BaseTool, arguments_so_far
from mirascope.core._tools.tool_calls import ToolCallRecord, output_text
from mirascope.core._types import JsonableType

Decision: TypeAlias = bool | str
"""Whether a tool may run; a text is the reason why it may not, which the model gets."""

Output: TypeAlias = JsonableType | Exception
"""The output of a tool, or the error that the model got instead."""


class ToolNotRunError(RuntimeError):
    """A tool was not run. The message has the reason."""


class ToolInterruptedError(RuntimeError):
    """A tool was interrupted while it ran. It may have had effects already."""


@dataclass
class ToolRun:
    """The run of a tool.

    Attributes:
        record: The call, as it was received.
        tool: The tool; ``None`` if the call is invalid.
        output: The output, or the error that the model gets instead.
        text: The output as the model gets it.
        interrupted: What a tool raised that is no error of a tool, such as `KeyboardInterrupt`.
    """

    record: ToolCallRecord
    tool: BaseTool | None
    output: Output
    text: str = ""
    interrupted: BaseException | None = None

    @property
    def shown(self) -> BaseTool | ToolCallPart:
        """The tool; where there is none, the call."""
        arguments = arguments_so_far(self.record.arguments)
        return self.tool or ToolCallPart(name=self.record.name, args=arguments, id=self.record.id)

    def result(self) -> ToolResultPart:
        """Return what the model gets."""
        failed = isinstance(self.output, Exception)
        text = f"{type(self.output).__name__}: {self.output}" if failed else self.text
        sendable = text.encode(errors="backslashreplace").decode()  # half an emoji, a file name
        return ToolResultPart(
            name=self.record.name, content=sendable, id=self.record.id, is_error=failed
        )

    def decide(self, decision: object) -> bool:
        """Return whether the tool is to run; if not, the output is the reason.

        Raises:
            TypeError: The decision is neither a bool nor a text.
        """
        if not isinstance(decision, bool | str):
            raise TypeError(f"`approve` must return a bool or a str, not {type(decision).__name__}")
        if decision is not True:
            self.output = ToolNotRunError(decision or "the user declined this call")
        return decision is True

    def run(self) -> None:
        """Run the tool; the model gets the error that it raises."""
        tool = self._started()
        try:
            output = tool.call()
            if inspect.iscoroutine(output):
                output.close()
                self.output = TypeError(f"{self.record.name} is async, its conversation is not")
            else:
                self._end(output)
        except Exception as error:  # noqa: BLE001  # any
            self.output = error

    def run_in_thread(self) -> None:
        """Run the tool in a thread, which has nobody to raise to."""
        try:
            self.run()
        except BaseException as error:  # noqa: BLE001  # raised where the threads are joined
            self.interrupted = error

    async def arun(self) -> None:
        """Run the tool, in a thread if it is not async."""
        tool = self._started()
        try:
            if inspect.iscoroutinefunction(tool.call):
                output = await tool.call()
            else:
                output = await run_sync(tool.call, abandon_on_cancel=True)
            self._end(await output if inspect.isawaitable(output) else output)
        except asyncio.CancelledError as error:
            if not _raised_by_tool():
                raise
            self.output = RuntimeError(f"the tool was cancelled {error}".rstrip())
        except Exception as error:  # noqa: BLE001  # any
            self.output = error

    def _started(self) -> BaseTool:
        assert self.tool is not None  # noqa: S101  # for the type checkers
        self.output = ToolInterruptedError("it was interrupted, and may have taken effect")
        return self.tool

    def _end(self, output: JsonableType) -> None:
        self.text = output_text(output)
        self.output = output


def _raised_by_tool() -> bool:
    """Return whether a `CancelledError` is a tool's own: nobody cancels the task."""
    if not on_asyncio():  # another event loop cancels by an exception of its own
        return True
    task = asyncio.current_task()
    return task is not None and not task.cancelling()


@dataclass(frozen=True)
class ToolRunner:
    """How tools are run; see `converse`."""

    concurrency: int
    timeout: float | None
    approve: Callable[[BaseTool], Decision | Awaitable[Decision]] | None

    def run(self, runs: Sequence[ToolRun]) -> None:
        """Run tools; in threads where several run at once, or the time is limited."""
        approved = [run for run in runs if run.tool and run.decide(self._decision(run.tool))]
        if self.concurrency == 1 and self.timeout is None:
            for run in approved:
                run.run()
            return
        for start in range(0, len(approved), self.concurrency):
            self._run_in_threads(approved[start : start + self.concurrency])

    def _decision(self, tool: BaseTool) -> Decision:
        decision = True if self.approve is None else self.approve(tool)
        if inspect.iscoroutine(decision):
            decision.close()
            raise TypeError("`approve` is async, but the function of this conversation is not")
        return cast("Decision", decision)

    def _run_in_threads(self, runs: Sequence[ToolRun]) -> None:
        """Run tools at once. A thread cannot be ended: one that is too late goes on by itself."""
        copies = [replace(run) for run in runs]  # a late thread has no effect on the others
        threads = [
            threading.Thread(target=copy_context().run, args=(copy.run_in_thread,), daemon=True)
            for copy in copies
        ]
        for thread in threads:
            thread.start()
        until = None if self.timeout is None else monotonic() + self.timeout
        late = False
        try:
            for thread in threads:
                thread.join(None if until is None else max(0, until - monotonic()))
            late = True
        finally:
            for run, copy, thread in zip(runs, copies, threads, strict=True):
                run.text, run.output = copy.text, copy.output
                if late and thread.is_alive():
                    run.output = self._late()
        for copy in copies:
            if copy.interrupted is not None:
                raise copy.interrupted

    async def arun(self, runs: Sequence[ToolRun]) -> None:
        """Run tools, async."""
        limiter = anyio.CapacityLimiter(self.concurrency)

        async def run_one(run: ToolRun) -> None:
            async with limiter:
                with anyio.move_on_after(self.timeout) as scope:
                    await run.arun()
                if scope.cancelled_caught:
                    run.output = self._late()

        approved: list[ToolRun] = []
        for run in runs:
            decision = self.approve(run.tool) if run.tool and self.approve else True
            decided = await decision if inspect.isawaitable(decision) else decision
            if run.tool and run.decide(decided):
                approved.append(run)
        async with anyio.create_task_group() as group:
            for run in approved:
                group.start_soon(run_one, run)

    def _late(self) -> TimeoutError:
        return TimeoutError(f"the tool took longer than {self.timeout} seconds")
