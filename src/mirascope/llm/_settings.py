"""What a call is made with, and what overrides that for a while.

Overrides lie upon one another in layers, the newest on top, where they count; `using` puts them
there. A context variable holds them, so each thread and each task has its own, and leaving a layer
uncovers the one below it. Calls look at the layers when they are called, not when they are awaited
or their stream is read.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from mirascope.core._calls.call_params import CommonCallParams
from mirascope.core._calls.options import CallOptions, PicklableOptions
from mirascope.llm._providers import named

Options: TypeAlias = CallOptions[object, object, Mapping[str, object]]
"""The options of a call, whichever provider it asks."""

RESULT: Final = ("stream", "response_model", "output_parser")
"""The options that decide the kind of result."""

OF_ONE_CALL: Final = frozenset({*RESULT, "tools", "json_mode"})
"""The options that decide what one function returns, and that no other function expects."""

_NAMES: Final = OF_ONE_CALL | CallOptions.__annotations__.keys()


@dataclass(frozen=True)
class Settings:
    """What a call is made with.

    Attributes:
        provider: The provider's name.
        model: The model's name.
        options: The options of the provider's ``call`` that are given.
    """

    provider: str
    model: str
    options: Mapping[str, object]

    def under(self, layer: Layer) -> Settings:
        """Return what the settings are under a layer.

        With another provider go only the parameters that all providers have, and not the client.
        A layer that decides the kind of result decides all of it.
        """
        provider, options = self.provider, dict(self.options)
        if any(layer.options.get(name) for name in RESULT):
            for name in RESULT:
                options.pop(name, None)
        if layer.options.get("response_model"):
            options.pop("tools", None)
        if layer.provider is not None and layer.provider != self.provider:
            provider = layer.provider
            options.pop("client", None)
            params = cast("Mapping[str, object]", options.get("call_params", {}))
            common = CommonCallParams.__annotations__
            options["call_params"] = {name: params[name] for name in params if name in common}
        return Settings(provider, layer.model or self.model, {**options, **layer.options})


@dataclass(frozen=True)
class Layer:
    """Settings that override others.

    Attributes:
        provider: The provider, if that is overridden; then the model is too.
        model: The model, likewise.
        options: The options that are overridden.
        call: The one decorated function that they are for; ``None`` if for every one.
    """

    provider: str | None
    model: str | None
    options: Mapping[str, object]
    call: object = None


Layers = tuple[Layer, ...]

_layers: ContextVar[Layers] = ContextVar("_layers", default=())


def layers() -> Layers:
    """Return the layers that lie upon all calls now."""
    return _layers.get()


def push(newest: Layer) -> None:
    """Make one more layer lie upon all calls."""
    _layers.set((*_layers.get(), newest))


def pop(layer: Layer) -> None:
    """Take away a layer, the newest if it lies there more than once."""
    kept = list(_layers.get())
    for index in reversed(range(len(kept))):
        if kept[index] is layer:
            del kept[index]
            break
    _layers.set(tuple(kept))


@contextmanager
def using(newer: Layers) -> Generator[None]:
    """Make other layers lie upon all calls."""
    older = _layers.get()
    _layers.set(newer)
    try:
        yield
    finally:
        _layers.set(older)


def current(settings: Settings, call: object) -> Settings:
    """Return what a call's own settings are under the layers of now."""
    for layer in _layers.get():
        if layer.call is None or layer.call is call:
            settings = settings.under(layer)
    return settings


def layer(
    provider: str | None, model: str | None, options: Mapping[str, object], call: object = None
) -> Layer:
    """Return a layer of what is given.

    Raises:
        ValueError: A model is given without a provider, or the other way round; there is no such
            provider.
        TypeError: There is no such option.
    """
    if provider is not None:
        provider, model = named(provider, model)
    elif model is not None:
        raise ValueError("a model is given with its provider, and a provider with its model")
    return Layer(provider, model, given(options), call)


def given(options: Mapping[str, object]) -> dict[str, object]:
    """Return the options that are given.

    Raises:
        TypeError: There is no such option.
    """
    if unknown := options.keys() - _NAMES:
        raise TypeError(f"there is no option {min(unknown)!r}; there are: {', '.join(_NAMES)}")
    return PicklableOptions(
        {name: option for name, option in options.items() if option is not None}
    )
