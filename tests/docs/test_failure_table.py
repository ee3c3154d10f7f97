"""What ``docs/understand/failures.md`` shows is what is seen, and nothing of ours in it is red.

``nox -s table`` writes the page, which takes about two minutes. ``nox -s everything`` looks at all
cells of ours, and every run at some of the SDKs' own, if these are the page's versions.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from programs.failure_rows import SECTIONS, Row
from programs.failure_table import Cells, look, look_at_exits, page, reported, told_each, versions
from support.fixtures import known_authority, only_everywhere, trust

__all__ = ["known_authority", "trust"]

PAGE = Path(__file__).parents[2] / "docs" / "understand" / "failures.md"
BEGIN, END = "<!-- made by tests/docs/test_failure_table.py -->\n", "<!-- end -->\n"
WRITING = bool(os.environ.get("MIRASCOPE_WRITE_TABLES"))
ROWS = [row for rows in SECTIONS.values() for row in rows]
QUICK = ("`break`", "`del` of the iterator", "never iterated", "the body ends in the middle")


@pytest.fixture(scope="module")
def ours() -> Cells:
    cells, noise = look(ROWS, ours=True)
    assert noise == []
    return cells | look_at_exits(ours=True)


def written() -> tuple[str, str, str]:
    """Return what is made in the page, with what is before and after."""
    before, rest = PAGE.read_text().split(BEGIN)
    made, after = rest.split(END)
    return before, made, after


def lines() -> list[tuple[Row, list[str]]]:
    """Return the rows with the page's cells, ours first."""
    cells = [
        [cell.strip() for cell in line.split("|")[2:-1]]
        for line in written()[1].splitlines()
        if line.startswith("| ") and not line.startswith(("|  |", "| as promised |"))
    ]
    return list(zip(ROWS, cells, strict=True))


@only_everywhere  # tests/behaviour has these ways to end, one by one
def test_nothing_of_ours_is_red_and_the_page_shows_it(ours: Cells) -> None:
    red = {
        f"{row.says}, {name}, {'async' if asynchronous else 'sync'}": str(cell)
        for (row, name, asynchronous), cell in ours.items()
        if not cell.good
    }
    assert red == {}
    if not WRITING:
        for row, (cell, *_) in lines():
            assert reported(row, ours) == cell, row.says


@pytest.mark.skipif(WRITING, reason="the page is being written")
def test_the_page_shows_what_is_seen_of_the_sdks() -> None:
    if versions() not in written()[1]:
        pytest.skip(f"the page was made with other SDKs than {versions()}")
    cells, _ = look([row for row in ROWS if row.says in QUICK], ours=False)
    for row, (_, *theirs) in lines():
        if row.says in QUICK:
            assert told_each(row, cells) == theirs, row.says


@pytest.mark.skipif(not WRITING, reason="with MIRASCOPE_WRITE_TABLES only")
def test_write_the_page(ours: Cells) -> None:
    raw = look(ROWS, ours=False)[0] | look_at_exits(ours=False)
    before, _, after = written()
    made = f"With {versions()}:\n\n{page(ours, raw)}"
    PAGE.write_text(before + BEGIN + made + END + after)
