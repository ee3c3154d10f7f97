"""Runs the tools that a response calls, one after another or several at once."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeAlias

import anyio
from anyio.to_thread import run_sync

from mirascope.core._prompts.message_param import ToolCallPart, ToolResultPart
from mirascope.core._tools.tool import BaseTool, arguments_so_far
from mirascope.core._tools.tool_calls import ToolCallRecord, output_text
from mirascope.core._types import JsonableType

Decision: TypeAlias = bool | str
"""Whether a tool may run; a text is the reason why it may not, which the model gets."""

Output: TypeAlias = JsonableType | Exception
"""The output of a tool, or the error that the model got instead."""


class ToolNotRunError(RuntimeError):
    """A tool was not run; the message has the reason."""


@dataclass
class ToolRun:
    """The run of a tool.

    Attributes:
        record: The call, as it was received.
        tool: The tool; ``None`` if the call is invalid.
        output: What the model gets; an error until the tool was run.
    """

    record: ToolCallRecord
    tool: BaseTool | None
    output: Output

    @property
    def shown(self) -> BaseTool | ToolCallPart:
        """The tool; where there is none, the call."""
        arguments = arguments_so_far(self.record.arguments)
        return self.tool or ToolCallPart(name=self.record.name, args=arguments, id=self.record.id)

    def result(self) -> ToolResultPart:
        """Return what the model gets."""
        output, record = self.output, self.record
        failed = isinstance(output, Exception)
        text = f"{type(output).__name__}: {output}" if isinstance(output, Exception) else output
        content = output_text(text)
        return ToolResultPart(name=record.name, content=content, id=record.id, is_error=failed)

    def decide(self, decision: Decision) -> bool:
        """Return whether the tool is to run; if not, the output is the reason."""
        if decision is not True:
            self.output = ToolNotRunError(decision or "the user declined this call")
        return decision is True

    def run(self) -> None:
        """Run the tool; the model gets whatever it raises."""
        assert self.tool is not None  # noqa: S101  # for the type checkers
        try:
            output = self.tool.call()
            if inspect.iscoroutine(output):
                output.close()
                self.output = TypeError(f"{self.record.name} is async, its conversation is not")
                return
            self._set(output)
        except Exception as error:  # noqa: BLE001  # any
            self.output = error

    async def arun(self) -> None:
        """Run the tool, in a thread if it is not async."""
        assert self.tool is not None  # noqa: S101  # for the type checkers
        try:
            output = await run_sync(self.tool.call, abandon_on_cancel=True)
            self._set(await output if inspect.isawaitable(output) else output)
        except Exception as error:  # noqa: BLE001  # any
            self.output = error

    def _set(self, output: JsonableType) -> None:
        output_text(output)  # raises if it cannot be sent
        self.output = output


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
        if not isinstance(decision, bool | str):
            raise TypeError(f"`approve` returned a {type(decision).__name__}, not a bool or a str")
        return decision

    def _run_in_threads(self, runs: Sequence[ToolRun]) -> None:
        """Run tools at once. A thread cannot be ended: one that is too late goes on by itself."""
        copies = [replace(run) for run in runs]
        threads = [
            threading.Thread(target=copy_context().run, args=(copy.run,), daemon=True)
            for copy in copies
        ]
        for thread in threads:
            thread.start()
        until = None if self.timeout is None else monotonic() + self.timeout
        for run, copy, thread in zip(runs, copies, threads, strict=True):
            thread.join(None if until is None else max(0, until - monotonic()))
            run.output = self._late() if thread.is_alive() else copy.output

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
