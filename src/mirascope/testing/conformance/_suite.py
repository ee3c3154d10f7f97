"""All tests of a provider."""

from __future__ import annotations

from mirascope.testing.conformance._closing import Closing
from mirascope.testing.conformance._deadlines import Expiring
from mirascope.testing.conformance._failures import Failing, Retrying
from mirascope.testing.conformance._receiving import Receiving
from mirascope.testing.conformance._secrets import Keeping
from mirascope.testing.conformance._tools import Calling


class Conformance(Receiving, Calling, Failing, Retrying, Closing, Expiring, Keeping):
    """The tests of a provider: derive a class whose name pytest collects, and give it a case.

    A promise that a provider does not make is left out by setting its test to ``None``; one that it
    does not keep yet is overridden and marked with ``pytest.mark.xfail``.

    Attributes:
        case: The provider.

    Example:
        >>> from mirascope.testing import conformance
        >>> class TestAcme(conformance.Conformance):
        ...     case = ACME  # doctest: +SKIP
        ...     test_a_missing_key_is_an_error_at_the_call = None  # it needs none
    """
