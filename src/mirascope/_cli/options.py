"""The options as the commands pass them on."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict


class Options(TypedDict):
    """The options of every command that prompts."""

    model: str | None
    system: str | None
    max_tokens: int | None
    temperature: float | None
    timeout: float | None
    tools: tuple[str, ...]
    yes: bool
    live: bool
    stats: bool
    resume: bool
    no_log: bool


class PromptOptions(Options):
    """The options of one prompt."""

    schema: str | None
    attachments: tuple[Path, ...]
    as_json: bool
