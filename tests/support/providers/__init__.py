"""The providers as they are on the wire, one module each, which imports that provider's SDK only.

``CASES`` has all of them, ``SERVERS`` one for each variable with a base URL: where all run at the
same time, the default clients of two with the same variable would talk to one server. `case_of`
imports one, for a process that needs no other.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from support.cases import Case

CASES: list[Case]
SERVERS: list[Case]


def case_of(provider: str) -> Case:
    """Return a provider's case, given the provider's name."""
    return getattr(import_module(f"{__name__}.{provider}"), provider.upper())


def __getattr__(name: str) -> list[Case]:
    if name not in {"CASES", "SERVERS"}:
        raise AttributeError(name)
    cases = globals()["CASES"] = [case_of(module.name) for module in iter_modules(__path__)]
    first = {case.url_variable: case for case in reversed(cases)}
    globals()["SERVERS"] = [case for case in cases if first[case.url_variable] is case]
    return globals()[name]
