"""The samples in the pages of ``docs/`` do what the pages claim."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mirascope import BaseMessageParam, testing
from mirascope.core import openai
from mirascope.testing import ScriptedProvider

DOCS = Path(__file__).parents[2] / "docs"
BENCHMARK = DOCS / "understand" / "benchmark.md"


def test_the_readme_tests_its_sample(llm: ScriptedProvider) -> None:
    readme = (DOCS.parent / "README.md").read_text()
    (test,) = re.findall(r"```py\n(def test_.*?)```", readme, re.DOTALL)

    @openai.call("gpt-4o-mini", stream=True)
    def recommend_book(genre: str) -> str:
        return f"Recommend a {genre} book"

    names: dict[str, Any] = {"recommend_book": recommend_book}
    exec(compile(test, "<the readme>", "exec"), names)  # noqa: S102  # samples are to be run
    names["test_recommend_book"](llm)


def test_the_readme_shows_speaks_and_converses(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (DOCS.parent / "README.md").read_text()
    (sample,) = re.findall(r"```py\n(from mirascope import converse.*?)```", readme, re.DOTALL)

    @openai.call("gpt-4o-mini", stream=True)
    def recommend_book(genre: str) -> str:
        return f"Recommend a {genre} book"

    @openai.call("gpt-4o-mini", stream=True)
    def chat(history: list[BaseMessageParam]) -> list[BaseMessageParam]:
        return history

    llm.reply("The Name of the Wind")
    llm.reply("Emma. Or Dune!")
    llm.reply("Jane Austen.")
    spoken: list[str] = []
    names = {"recommend_book": recommend_book, "chat": chat, "speak": spoken.append}
    exec(compile(sample, "<the readme>", "exec"), names)  # noqa: S102  # samples are to be run
    assert spoken == ["Emma. ", "Or Dune!"]
    assert capsys.readouterr().out == "The Name of the Wind\nJane Austen."


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the site makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    found = set(re.findall(r"\{ ?#([\w.-]+) \}", text))
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        words = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", heading)
        found.add(re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", words).strip().lower()))
    return found


def test_the_pages_link_to_files_that_are_there() -> None:
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]:
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        for link, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", text):
            if not link.startswith("https://"):
                linked = page.parent / link if link else page
                assert linked.exists(), f"{page} links to {link}"
                if anchor:
                    assert anchor in anchors(linked), f"{page} links to {link}#{anchor}"


def test_the_readme_quotes_the_measured_speed() -> None:
    """The page's one quoted line is in the README too."""
    (measured,) = re.findall(r"^> (.+)$", BENCHMARK.read_text(), re.MULTILINE)
    readme = (DOCS.parent / "README.md").read_text()
    assert measured in " ".join(readme.split())


def test_the_recording_on_the_page_is_one(tmp_path: Path) -> None:
    page = (DOCS / "places" / "recordings.md").read_text()
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "book.yaml").write_text(shown)
    with testing.recorded(tmp_path / "book.yaml", record=False):
        pass
