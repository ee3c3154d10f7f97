"""Unpickles decorated functions, calls them, and prints their results as JSON."""

from __future__ import annotations

import asyncio
import inspect
import json
import pickle
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mirascope.core.base.stream import BaseStream
from mirascope.core.base.structured_stream import BaseStructuredStream


def outcome(function: Callable[[str], Any]) -> Any:
    """Return a function's result as JSON: tools' outputs, a model's fields or text."""
    if inspect.iscoroutinefunction(function):
        return asyncio.run(_aread(function))
    answer = function("fantasy")
    return _told(answer, list(answer) if _is_stream(answer) else [])


async def _aread(function: Callable[[str], Any]) -> Any:
    answer = await function("fantasy")
    return _told(answer, [item async for item in answer] if _is_stream(answer) else [])


def _is_stream(answer: object) -> bool:
    return isinstance(answer, BaseStream | BaseStructuredStream)


def _told(answer: Any, items: list[Any]) -> Any:
    if isinstance(answer, BaseStructuredStream):
        answer = items[-1]
    if isinstance(answer, list):
        return answer
    if isinstance(answer, BaseModel):
        return answer.model_dump()
    if isinstance(answer, BaseStream):
        tools = [tool for _, tool in items if tool is not None]
    else:
        tools = answer.tools or []
    return [tool.call() for tool in tools] or f"{answer.provider} says {answer.content}"


def outcomes(functions: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    """Return the results of functions, and which of them are async."""
    return {
        name: [inspect.iscoroutinefunction(function), outcome(function)]
        for name, function in functions.items()
    }


def main(*pickles: str) -> None:
    for path in pickles:
        functions = pickle.loads(Path(path).read_bytes())  # noqa: S301  # the test has written it
        sys.stdout.write(f"{json.dumps(outcomes(functions))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
