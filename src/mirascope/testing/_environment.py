"""The environment in which default clients find a server on loopback instead of their provider."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

from mirascope.testing._formats import FORMATS
from mirascope.testing._formats.wire_format import KEY

_NO_PROXY: Final = ("NO_PROXY", "no_proxy")


def base_url(address: str, provider: str) -> str:
    """Return the base URL of a provider's clients; each provider has its own first folder.

    Raises:
        ValueError: There is no such provider.
    """
    if provider not in FORMATS:
        names = ", ".join(FORMATS)
        raise ValueError(f"the test kit has no provider {provider!r}; it has: {names}")
    wire_format = FORMATS[provider]
    return f"{address}/{wire_format.folder or provider}{wire_format.url_path}"


def url_variables(address: str) -> dict[str, str | None]:
    """Return the variables with which default clients find a server; ``None`` unsets one."""
    variables: dict[str, str | None] = {}
    for name, wire_format in FORMATS.items():
        variables[wire_format.url_variable] = base_url(address, name)
    for name in _NO_PROXY:
        variables[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1")))
    return variables


def key_variables() -> dict[str, str | None]:
    """Return the variables with made-up keys, and without what else chooses a key or a server."""
    variables: dict[str, str | None] = {}
    for wire_format in FORMATS.values():
        variables |= dict.fromkeys(wire_format.other_variables)
        variables[wire_format.key_variable] = KEY
    return variables


_lock: Final = threading.Lock()
_set_now: Final[list[Mapping[str, str | None]]] = []
_before: Final[dict[str, str | None]] = {}


@contextmanager
def environment(variables: Mapping[str, str | None]) -> Generator[None]:
    """Set variables of the environment, and restore them on leaving.

    Blocks may overlap, as those of threads do: the newest one that is left counts.
    """
    mine = dict(variables)
    with _lock:
        for name in mine:
            _before.setdefault(name, os.environ.get(name))
        _set_now.append(mine)
        _set(mine)
    try:
        yield
    finally:
        with _lock:
            _set_now[:] = [each for each in _set_now if each is not mine]
            _set({**_before, **{n: v for each in _set_now for n, v in each.items()}})
            if not _set_now:
                _before.clear()


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
