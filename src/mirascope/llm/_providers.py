"""Providers by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from mirascope.core._calls.registry import find, names

CallFactory = Callable[..., Callable[[Callable[..., object]], Callable[..., Any]]]


def parse_model(provider: str, model: str | None) -> tuple[str, str]:
    """Return a provider and its model, passed separately or as ``"provider:model"``.

    Raises:
        ValueError: There is no such provider, or there is no model.
    """
    if model is None:
        provider, _, model = provider.partition(":")
    if find(provider) is None:
        raise ValueError(f"there is no provider {provider!r}; there are: {', '.join(names())}")
    if not model:
        raise ValueError(
            f"there is no model for the provider {provider!r}: write '{provider}:MODEL', or pass "
            "`model`"
        )
    return provider, model


@cache
def call_factory(provider: str) -> CallFactory:
    """Return a provider's ``call`` decorator.

    Raises:
        MissingSDKError: The provider's SDK is not installed.
        ProviderLoadError: The entry point that registers the provider is broken.
    """
    from mirascope.core._calls.decorator import Call  # noqa: PLC0415  # imported when first called
    from mirascope.core._calls.provider import load_provider  # noqa: PLC0415  # the same

    return cast("CallFactory", Call(load_provider(provider)))
