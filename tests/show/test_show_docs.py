"""The picture of the page live-views.md shows the session that it is made from."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

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
