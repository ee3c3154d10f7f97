"""Parameters of a request beyond the model and the messages."""

from __future__ import annotations

from typing_extensions import TypedDict


class CommonCallParams(TypedDict, total=False):
    """The parameters that every provider has in some form."""

    temperature: float | None
    max_tokens: int | None
    top_p: float | None
    frequency_penalty: float | None
    presence_penalty: float | None
    seed: int | None
    stop: str | list[str] | None


class BaseCallParams(TypedDict, total=False):
    """The parameters that a provider accepts; each provider has its own."""
