"""The samples of every page run, and print what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.samples import run_samples

DOCS = Path(__file__).parents[2] / "docs"

# Pages whose samples other tests run, with what they need.
ELSEWHERE = [
    *("guide/conversations", "guide/operators", "guide/tools"),
    *(f"places/{name}" for name in ("bulk", "command-line", "live-views", "recordings")),
    *(f"places/{name}" for name in ("resume", "testing", "tracing", "web")),
    *(f"providers/{name}" for name in ("bedrock", "clouds", "compatible-servers", "index")),
    *(f"providers/{name}" for name in ("openai-responses", "writing-a-provider")),
]
PAGES = [str(page.relative_to(DOCS)) for page in sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("page", [page for page in PAGES if page[:-3] not in ELSEWHERE])
def test_the_samples_of_a_page_run(page: str, tmp_path: Path) -> None:
    run_samples(DOCS / page, tmp_path)
