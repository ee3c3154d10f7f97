"""The page docs/places/resume.md has every setting with its default."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from mirascope import resume
from mirascope.resume._generation import Options

PAGE = (Path(__file__).parents[2] / "docs" / "places" / "resume.md").read_text()


def test_the_page_has_every_setting() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE.partition("| setting")[2], re.MULTILINE)
    assert [name for name, _ in rows] == [each.name for each in fields(Options)]
    assert [name for name, _ in rows] == list(resume.Settings.__annotations__)
    given = {each.name: each.default for each in fields(Options)}
    for name, default in rows:
        if default.strip().replace(".", "").isdigit():
            assert given[name] == float(default), name
    assert given["max_bytes"] == 16 * 2**20
