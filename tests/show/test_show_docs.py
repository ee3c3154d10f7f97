"""The picture of the page live-views.md shows the session that it is made from."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from xml.dom import minidom

DOCS = Path(__file__).parents[2] / "docs"


def test_the_picture_is_of_the_session() -> None:
    """`python docs/places/show.py --svg` draws it again; only the times in it differ."""

    def read(svg: str) -> list[str]:
        text = re.sub(r"<style>.*?</style>", "", svg, flags=re.DOTALL).replace("&#160;", " ")
        lines = [line.strip() for line in re.findall(r">([^<>]+)</text>", text)]
        return [line for line in lines if " s to first token" not in line]

    made = runpy.run_path(str(DOCS / "places" / "show.py"))["picture"]("fast")
    kept = (DOCS / "places" / "show.svg").read_text()
    assert read(made) == read(kept)
    assert "find_in_library" in kept
    assert not re.search(r"/(home|root|tmp|work|usr)/", kept)


def test_the_growing_picture_ends_with_the_response() -> None:
    """`python docs/places/growing.py` makes it; only the times in it differ."""

    def last(svg: str) -> list[str]:
        groups = re.findall(r'<g class="moment last".*?</g>', svg, re.DOTALL)
        lines = ["".join(re.findall(r">([^<>]*)</text>", group)) for group in groups]
        return sorted(
            line.replace("&#160;", " ")
            for line in lines
            if line.strip() and "to&#160;first&#160;token" not in line
        )

    made = runpy.run_path(str(DOCS / "places" / "growing.py"))["picture"]("fast")
    kept = (DOCS / "stream.svg").read_text()
    assert last(made) == last(kept)
    assert kept.count('<g class="moment"') > 20
    assert "Fahrenheit&#160;451" in kept
    minidom.parse(str(DOCS / "stream.svg"))  # noqa: S318  # our own
