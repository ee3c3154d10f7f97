"""The settings of calls, and overrides of them for a while.

Overrides form a stack in which the newest counts most; `overriding` sets it. A context variable
holds it, so each thread and each task has its own, and leaving an override restores the one below.
Calls read the stack when they are called, not when they are awaited or their stream is read.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from mirascope.core._calls.call_params import CommonCallParams
from mirascope.core._calls.options import CallOptions, PicklableOptions
from mirascope.llm._providers import parse_model

AnyParams: TypeAlias = Mapping[str, object]
"""The call parameters of any provider."""

Options: TypeAlias = CallOptions[object, AnyParams]
"""The options of a call, for any provider."""

RESULT: Final = ("stream", "response_model", "output_parser")
"""The options that decide the type of the result."""

OF_ONE_CALL: Final = frozenset({*RESULT, "tools", "json_mode"})
"""The options that decide what one function returns, and that do not fit another function."""

_NAMES: Final = OF_ONE_CALL | CallOptions.__annotations__.keys()


@dataclass(frozen=True)
class Settings:
    """The settings of a call.

    Attributes:
        provider: The provider's name.
        model: The model's name.
        options: The options that are passed to the provider's ``call``.
    """

    provider: str
    model: str
    options: Mapping[str, object]

    def overridden(self, by: Override) -> Settings:
        """Return the settings with an override applied.

        Another provider gets only the parameters that all providers have, and not the client. An
        override of one option that decides the type of the result replaces all of those.
        """
        provider, options = self.provider, dict(self.options)
        if any(by.options.get(name) for name in RESULT):
            for name in RESULT:
                options.pop(name, None)
        if by.options.get("response_model"):
            options.pop("tools", None)
        if by.provider is not None and by.provider != self.provider:
            provider = by.provider
            options.pop("client", None)
            params = cast("Mapping[str, object]", options.get("call_params", {}))
            common = CommonCallParams.__annotations__
            options["call_params"] = {name: params[name] for name in params if name in common}
        return Settings(provider, by.model or self.model, {**options, **by.options})


@dataclass(frozen=True)
class Override:
    """Settings that override those of calls.

    Attributes:
        provider: The provider, if it is overridden; then the model is too.
        model: The model, likewise.
        options: The options that are overridden.
        call: The one decorated function that it applies to; ``None`` for every function.
    """

    provider: str | None
    model: str | None
    options: Mapping[str, object]
    call: object = None


Overrides = tuple[Override, ...]

_overrides: ContextVar[Overrides] = ContextVar("_overrides", default=())


def overrides() -> Overrides:
    """Return the overrides that apply to calls now, the newest last."""
    return _overrides.get()


def push(override: Override) -> None:
    """Add an override."""
    _overrides.set((*_overrides.get(), override))


def pop(override: Override) -> None:
    """Remove an override, the newest occurrence if there are several."""
    kept = list(_overrides.get())
    for index in reversed(range(len(kept))):
        if kept[index] is override:
            del kept[index]
            break
    _overrides.set(tuple(kept))


@contextmanager
def overriding(newer: Overrides) -> Generator[None]:
    """Replace the overrides while it is entered."""
    older = _overrides.get()
    _overrides.set(newer)
    try:
        yield
    finally:
        _overrides.set(older)


def current(settings: Settings, call: object) -> Settings:
    """Return a call's own settings with the overrides that apply to it now."""
    for override in _overrides.get():
        if override.call is None or override.call is call:
            settings = settings.overridden(override)
    return settings


def override_of(
    provider: str | None, model: str | None, options: Mapping[str, object], call: object = None
) -> Override:
    """Return an override.

    Raises:
        ValueError: A model is passed without a provider, or the other way round; there is no such
            provider.
        TypeError: There is no such option.
    """
    if provider is not None:
        provider, model = parse_model(provider, model)
    elif model is not None:
        raise ValueError("pass `provider` and `model` together: a model belongs to one provider")
    return Override(provider, model, passed_options(options), call)


def passed_options(options: Mapping[str, object]) -> dict[str, object]:
    """Return the options that are not ``None``.

    Raises:
        TypeError: There is no such option.
    """
    if unknown := options.keys() - _NAMES:
        raise TypeError(f"there is no option {min(unknown)!r}; there are: {', '.join(_NAMES)}")
    return PicklableOptions(
        {name: option for name, option in options.items() if option is not None}
    )
