"""The arguments of a provider's SDK."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict


class BaseCallKwargs(TypedDict, total=False):
    """The arguments of an SDK's method that all providers have; each provider adds its own.

    Attributes:
        model: The name of the model.
        messages: The messages in the provider's format.
        tools: The tools in the provider's format.
    """

    model: str
    messages: Sequence[object]
    tools: Sequence[object]
