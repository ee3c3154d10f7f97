"""Let the model call your functions: ``python examples/tool_loop.py "Do I need an umbrella?"``.

It needs ``pip install 'mirascope-streams[openai]'`` and ``OPENAI_API_KEY``, because the model
has to call tools well. ``MODEL`` names another, such as ``MODEL=ollama:qwen3``.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Final

from mirascope import BaseMessageParam, converse, llm

MODEL: Final = os.environ.get("MODEL", "openai:gpt-4o-mini")


def current_date() -> str:
    """Return today's date."""
    return datetime.now(UTC).date().isoformat()


def forecast(city: str, date: str) -> str:
    """Return the weather forecast.

    Args:
        city: The name of the city.
        date: The day, such as 2026-05-01.
    """
    return f"{city}, {date}: rain until noon, 14 degrees"  # call a weather service here


@llm.call(MODEL, stream=True, tools=[current_date, forecast])
def respond(history: list[BaseMessageParam]) -> list[BaseMessageParam]:
    return history


def main(question: str = "Do I need an umbrella in Lima tomorrow?") -> None:
    conversation = converse(respond, question, max_rounds=5, tool_timeout=10)
    for chunk, tool in conversation:
        print(chunk.content, end="", flush=True)
        if tool:  # it is run when the response is complete, and the model gets its output
            print(f"\n[{type(tool).__name__} {tool.args}]")
    print()
    # `conversation.messages` is the history now: append a message, and iterate again.


if __name__ == "__main__":
    main(*sys.argv[1:])
