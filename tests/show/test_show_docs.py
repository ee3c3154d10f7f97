"""The samples of the page live-views.md do what it promises, and its picture shows that."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from xml.dom import minidom

import pytest

from mirascope.testing import ScriptedProvider

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "places" / "live-views.md").read_text()
SYNC, ASYNC, LOOP, TASKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def run(code: str) -> None:
    exec(compile(code, "<the page>", "exec"), {})  # noqa: S102  # samples are to be run


@pytest.mark.parametrize("code", [SYNC, ASYNC])
def test_a_stream_is_shown(
    code: str, llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("**Emma**", usage=(3, 5))
    run(code)
    text, last = capsys.readouterr().out.splitlines()
    assert text == "**Emma**"
    assert last == "5" if code is ASYNC else float(last) > 0


def test_a_loop_has_one_bar(llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]) -> None:
    llm.reply("Emma", usage=(3, 5))
    llm.reply("Ulysses", usage=(3, 5))
    run(LOOP)
    shown = capsys.readouterr()
    assert shown.out == "Emma\nUlysses\n"
    assert re.match(r"Books: 2/2 · [\d.,]+ tokens/s · 10 tokens · ", shown.err)


def test_tasks_have_a_bar_each(llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]) -> None:
    llm.reply("Emma", to="fantasy")
    llm.reply("Ulysses", to="crime")
    run(TASKS)
    shown = capsys.readouterr()
    assert shown.out == "['Emma', 'Ulysses']\n"
    assert sorted(line.split(":")[0] for line in shown.err.splitlines()) == ["crime", "fantasy"]


def test_the_picture_is_of_the_session() -> None:
    """`python docs/places/show.py --svg` makes it anew; only the times in it differ."""

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
