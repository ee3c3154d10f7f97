"""The functions that the model may call."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final, TextIO

import click

from mirascope._cli.terminal import UserError, is_terminal, read_as_text, report
from mirascope.conversation import Decision, Output
from mirascope.core import BaseTool, ToolCallPart
from mirascope.core._tools.tool import arguments_of, name_of
from mirascope.core._tools.tool_calls import output_text

_SHOWN: Final = 300
"""How many characters of an output are shown at most."""


def load_tools(names: Iterable[str]) -> list[Callable[..., Any]]:
    """Import functions or tool classes, each named ``module:function``.

    Raises:
        UserError: There is none of that name, or its module cannot be imported.
    """
    return [_load(name) for name in names]


def _load(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    if not (module and attribute):
        raise UserError(f"the tool {name!r} must have the form MODULE:FUNCTION")
    folder = os.getcwd()  # noqa: PTH109  # an entry of `sys.path` is text
    sys.path.insert(0, folder)
    try:
        found = getattr(import_module(module), attribute, None)
    except (Exception, SystemExit) as error:
        problem = f"{type(error).__name__}: {error}"
        raise UserError(f"cannot import the tool {name!r}: {problem}") from error
    finally:
        # A file of the folder must not stand in for a module that a library imports later.
        sys.path.remove(folder)
        sys.path.append(folder)
    if not callable(found):
        raise UserError(f"the module {module!r} has no function {attribute!r}")
    return _sync(found) if inspect.iscoroutinefunction(found) else found


def _sync(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs an async one."""

    @functools.wraps(function)
    def run(*args: object, **kwargs: object) -> object:
        return asyncio.run(function(*args, **kwargs))

    return run


def check_approval() -> None:
    """Check that there is a terminal on which a call can be approved.

    Raises:
        UserError: There is none.
    """
    if not is_terminal(sys.stderr):
        raise UserError("there is no terminal to approve tool calls on; use --yes to run them")


def approve(tool: BaseTool) -> Decision:
    """Request approval of a tool call on the terminal."""
    click.echo(f"mirascope: run {name_of(type(tool))}? [y/N] ", nl=False, err=True)
    answer = _read_answer()
    return answer.strip().lower() in {"y", "yes"}


def _read_answer() -> str:
    """Read a line from the terminal, also if the prompt is piped in."""
    if is_terminal(sys.stdin):
        return _line(sys.stdin)
    try:
        with open("CONIN$" if sys.platform == "win32" else "/dev/tty", encoding="utf-8") as file:  # noqa: PTH123  # a device
            return _line(file)
    except OSError:
        return ""


def _line(file: TextIO) -> str:
    read_as_text(file)
    return file.readline()


def report_call(tool: BaseTool) -> None:
    """Print a call of a tool on stderr: all of it, since it may be approved."""
    report(f"{name_of(type(tool))} {arguments_of(tool)}")


def report_output(tool: BaseTool | ToolCallPart, output: Output) -> None:
    """Print the output of a tool on stderr."""
    name = tool.name if isinstance(tool, ToolCallPart) else name_of(type(tool))
    text = f"{name} -> {text_of_output(output)}"
    report(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def text_of_output(output: Output) -> str:
    """Return an output, or an error, as text."""
    if isinstance(output, Exception):
        return f"{type(output).__name__}: {output}"
    return output_text(output)
