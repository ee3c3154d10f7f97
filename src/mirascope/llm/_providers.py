"""The providers by name; each is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Final, cast

_MODULES: Final = {
    "anthropic": "anthropic",
    "cohere": "cohere",
    "gemini": "gemini",
    "google": "gemini",
    "groq": "groq",
    "mistral": "mistral",
    "openai": "openai",
}
_LOCAL: Final = {
    "ollama": "http://localhost:11434/v1",
    "vllm": "http://localhost:8000/v1",
}
"""Servers on this machine that speak OpenAI's Chat Completions; their keys are not looked at."""

CallFactory = Callable[..., Callable[[Callable[..., object]], Callable[..., Any]]]


def named(provider: str, model: str | None) -> tuple[str, str]:
    """Return a provider and its model, told apart or as ``"provider:model"``.

    Raises:
        ValueError: There is no such provider, or no model is named.
    """
    if model is None:
        provider, _, model = provider.partition(":")
    if provider not in _MODULES and provider not in _LOCAL:
        known = ", ".join((*_MODULES, *_LOCAL))
        raise ValueError(f"there is no provider {provider!r}; there are: {known}")
    if not model:
        raise ValueError(f"a model has to be named with the provider {provider!r}")
    return provider, model


@cache
def call_of(provider: str) -> CallFactory:
    """Return a provider's ``call`` decorator.

    Raises:
        MissingSDKError: The provider's SDK is not installed.
    """
    if provider in _LOCAL:
        from mirascope.llm._local import local_call  # noqa: PLC0415  # not before it is asked for

        return cast("CallFactory", local_call(provider, _LOCAL[provider]))
    call: CallFactory = import_module(f"mirascope.core.{_MODULES[provider]}").call
    return call
