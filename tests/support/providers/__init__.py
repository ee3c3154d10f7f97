"""The providers as they are on the wire, one module each, which imports that provider's SDK only.

``CASES`` has the built-in ones, but of those with the API and the classes of another one only
Azure: the others have other clients, and keep the promises of `mirascope.testing.conformance`.
``EVERY`` has those of other packages too. ``SERVERS`` has built-in ones with an API of their own,
one for each variable with a base URL: where all run at the same time, the default clients of two
with the same variable would talk to one server. `case_of` imports one, for a process that needs no
other.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from mirascope.core._calls.registry import BUILT_IN
from support.cases import Case

CASES: list[Case]
EVERY: list[Case]
SERVERS: list[Case]


def case_of(provider: str) -> Case:
    """Return a provider's case, given the provider's name."""
    module = provider.replace("-", "_")
    return getattr(import_module(f"{__name__}.{module}"), module.upper())


def __getattr__(name: str) -> list[Case]:
    if name not in {"CASES", "EVERY", "SERVERS"}:
        raise AttributeError(name)
    cases = [case_of(module.name) for module in iter_modules(__path__)]
    every = [case for case in cases if not case.like or case.name == "azure"]
    built_in = [case for case in every if case.name in BUILT_IN]
    first = {case.url_variable: case for case in reversed(built_in) if not case.like}
    globals()["EVERY"] = every
    globals()["CASES"] = built_in
    globals()["SERVERS"] = [case for case in built_in if first.get(case.url_variable) is case]
    return globals()[name]
