"""Checks a provider of your own against what the built-in ones promise.

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

The provider talks to a server on loopback, by its own client, sync and async. What the case leaves
out is skipped, with the name of the attribute to fill. `strategies` are those of hypothesis, for
further tests. Begin with ``_case.py``; the tests are in the files beside it.
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
