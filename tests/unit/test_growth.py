"""The check that work is linear: it finds quadratic work, in Python and in C."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.growth import assert_linear


def test_linear_work_passes() -> None:
    assert_linear(lambda size: lambda: sum(range(size)), 20_000)


@pytest.mark.parametrize(
    "work", [lambda n: [i for i in range(n) for _ in range(n)], lambda n: sum(range(n * n))]
)
def test_quadratic_work_fails(work: Callable[[int], object]) -> None:
    with pytest.raises(AssertionError, match=r"8 times the size takes \d\d+ times as long"):
        assert_linear(lambda size: lambda: work(size), 200)
