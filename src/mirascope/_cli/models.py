"""The providers and models that can be named."""

from __future__ import annotations

from typing import Final

import click

from mirascope._cli.terminal import UserError, report
from mirascope.core._calls.registry import BUILT_IN, find, names

LOCAL: Final = "local"
"""The name under which a model runs in this process; it is reached by OpenAI's client."""
LOCAL_MODEL: Final = "SmolLM2-135M-Instruct"


def provider_and_model(named: str | None) -> tuple[str, str]:
    """Return the names of the provider and the model to use.

    Raises:
        UserError: There is no such provider, or it needs a model.
    """
    if named is None:
        return _default()
    name, _, model = named.partition(":")
    if name == LOCAL:
        return name, model or LOCAL_MODEL
    registration = find(name)
    if registration is not None:
        if not (model := model or registration.default_model):
            raise UserError(f"the provider {name!r} has no default model: use {name}:MODEL")
        return name, model
    known = ", ".join([*names(), LOCAL])
    if model:
        raise UserError(f"unknown provider {name!r}; known providers: {known}")
    for provider, registration in BUILT_IN.items():
        if name.startswith(registration.model_prefixes):
            return provider, name
    raise UserError(
        f"unknown provider of the model {name!r}: use PROVIDER:MODEL; known providers: {known}"
    )


def _default() -> tuple[str, str]:
    if name := _first_with_key():
        return name, BUILT_IN[name].default_model
    first = next(iter(BUILT_IN.values())).api_keys[0]
    report(
        f"found no API key in {first} or the variable of another provider; using the local model"
        f" {LOCAL_MODEL}, which is small and often wrong"
    )
    return LOCAL, LOCAL_MODEL


def _first_with_key() -> str | None:
    """Return the first provider with a default model whose key is set."""
    return next((n for n, each in BUILT_IN.items() if each.default_model and each.api_key), None)


def print_models() -> None:
    """Print a table of the providers; the star marks the default."""
    default = _first_with_key() or LOCAL
    rows: list[tuple[str, str, str]] = []
    for name in names():
        registration = find(name)
        if registration is None:
            continue
        keys = " or ".join(registration.api_keys)
        state = f"{keys} is {'' if registration.api_key else 'not '}set" if keys else "no API key"
        rows.append((name, registration.default_model or "-", state))
    rows.append((LOCAL, LOCAL_MODEL, "no API key; runs on this machine"))
    columns = [max(len(row[index]) for row in rows) for index in range(2)]
    for name, model, state in rows:
        mark = "*" if name == default else " "
        click.echo(f"{mark} {name:{columns[0]}}  {model:{columns[1]}}  {state}")
