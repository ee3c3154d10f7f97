"""Tests for your own provider: everything that the built-in providers guarantee.

A `Case` describes what the provider's server sends. A class of tests checks it, with pytest::

    from mirascope.testing import conformance

    ACME = conformance.Case(
        provider=mirascope_acme.PROVIDER,
        url_variable="ACME_BASE_URL",
        text=lambda text: event({"text": text}),
        end=lambda tokens_in, tokens_out: [event({"done": True, "usage": [tokens_in, tokens_out]})],
        plain=lambda text: {"text": text, "done": True, "usage": [3, 2]},
    )


    class TestAcme(conformance.Conformance):
        case = ACME

The provider connects to a server on localhost with its own client, sync and async. Tests that need
an attribute that the case does not have are skipped, with the name of the attribute. `strategies`
has strategies for hypothesis, for more tests. Begin with ``_case.py``; the tests are in the other
files of this folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope.testing.conformance._case import Case
from mirascope.testing.conformance._driver import Attempt, Driver
from mirascope.testing.conformance._steps import (
    CallDelta,
    CallEnd,
    CallStart,
    Reasoning,
    Step,
    Text,
    WholeCall,
    call_id,
    one_after_another,
    with_whole_calls,
)

if TYPE_CHECKING:
    from mirascope.testing.conformance._suite import Conformance

__all__ = [
    "Attempt",
    "CallDelta",
    "CallEnd",
    "CallStart",
    "Case",
    "Conformance",
    "Driver",
    "Reasoning",
    "Step",
    "Text",
    "WholeCall",
    "call_id",
    "one_after_another",
    "with_whole_calls",
]


def __getattr__(name: str) -> type[Conformance]:
    """Import the tests, and so pytest and hypothesis, when they are first named: a case needs none.

    Raises:
        AttributeError: There is no such name.
    """
    if name != "Conformance":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mirascope.testing.conformance._suite import Conformance  # noqa: PLC0415

    return Conformance
