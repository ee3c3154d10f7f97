"""The table of operators is complete."""

from __future__ import annotations

from pathlib import Path

from mirascope import streams

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "operators.md").read_text()


def test_the_table_has_every_function() -> None:
    functions = {name for name in streams.__all__ if name.islower()}
    table = PAGE.partition("## The rules")[0]
    assert {name for name in functions if f"`{name}(" in table} == functions
