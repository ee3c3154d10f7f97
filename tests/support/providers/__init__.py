"""The providers as they are on the wire, one module each, which imports that provider's SDK only.

``CASES`` has the built-in ones, but of those with the API and the classes of another one only
Azure: the others have other clients, and keep the promises of `mirascope.testing.conformance`.
``EVERY`` has those of other packages too; `case_of` imports one, for a process that needs no other.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from mirascope.core._calls.registry import BUILT_IN
from support.cases import Case

CASES: list[Case]
EVERY: list[Case]


def case_of(provider: str) -> Case:
    """Return a provider's case, given the provider's name."""
    module = provider.replace("-", "_")
    return getattr(import_module(f"{__name__}.{module}"), module.upper())


def __getattr__(name: str) -> list[Case]:
    if name not in {"CASES", "EVERY"}:
        raise AttributeError(name)
    every = [case_of(module.name) for module in iter_modules(__path__)]
    globals()["EVERY"] = [case for case in every if not case.like or case.name == "azure"]
    globals()["CASES"] = [case for case in globals()["EVERY"] if case.name in BUILT_IN]
    return globals()[name]
