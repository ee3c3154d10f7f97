"""The samples of every page run, and print what the page shows."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import pytest
from support.samples import run_samples

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [str(page.relative_to(DOCS)) for page in sorted(DOCS.rglob("*.md"))]
WITH_SAMPLES = [page for page in PAGES if not page.startswith("reference/")]


@pytest.mark.parametrize("page", WITH_SAMPLES)
def test_the_samples_of_a_page_run(page: str, tmp_path: Path) -> None:
    run_samples(DOCS / page, tmp_path)


def test_the_samples_of_the_skill_run(tmp_path: Path) -> None:
    skill = files("mirascope") / ".agents" / "skills" / "mirascope" / "SKILL.md"
    text = skill.read_text()
    assert text.startswith("---\nname: mirascope\ndescription: ")
    assert len(text.splitlines()) < 200
    with as_file(skill) as path:
        run_samples(path, tmp_path)
