"""What a notebook shows: HTML that is replaced in its place, in which all of the model is text."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from pydantic import BaseModel
from show_support import environment
from support.recordings import recordings

from mirascope import llm as any_provider
from mirascope.show import show, track
from mirascope.show._notebook import PAGE
from mirascope.testing import ScriptedProvider, call

HOSTILE = """\
<script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(1))
[b](data:text/html,<script>) ![c](https://evil.example/c.png) <https://ok.example/"onclick=x>
[d](https://ok.example/"onmouseover="alert(1))

<div onclick="alert(1)">

| <b> | "'<i> |
|-----|-------|
| <u> | &lt;  |

```html"><script>alert(1)</script>
</code></pre><script>alert(1)</script>
```
"""

TAGS = {"a", "b", "blockquote", "br", "caption", "code", "div", "em", "h1", "h2", "h3", "h4", "hr"}
TAGS |= {"li", "ol", "p", "pre", "progress", "s", "small", "span", "strong", "table", "tbody"}
TAGS |= {"td", "th", "thead", "tr", "ul"}


class Checked(HTMLParser):
    """Reads HTML.

    Attributes:
        text: Its text.
        links: The addresses of its links.

    Raises:
        AssertionError: There is an element, or an attribute, that no view writes.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in {"class", "href", "rel", "start", "style", "title", "value"}
            if name == "href":
                self.links.append(value or "")
                assert (value or "").startswith(("https://", "http://", "mailto:"))

    def handle_data(self, data: str) -> None:
        self.text += data


class Outputs:
    """The outputs of a cell of marimo, and what was shown in each.

    Attributes:
        shown: What each output has shown, in the order of time.
    """

    def __init__(self) -> None:
        self.shown: list[list[str]] = []

    def append(self, html: str) -> None:
        self.shown.append([html])

    def replace_at_index(self, html: str, index: int) -> None:
        self.shown[index].append(html)

    @property
    def last(self) -> str:
        return "".join(each[-1] for each in self.shown)


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Outputs:
    """A cell of marimo, as far as a view sees it."""
    outputs = Outputs()
    marimo = SimpleNamespace(output=outputs, Html=str, running_in_notebook=lambda: True)
    execution = SimpleNamespace(execution_context=SimpleNamespace(output=outputs.shown))
    context = SimpleNamespace(get_context=lambda: execution)
    modules: dict[str, Any] = {"marimo": marimo, "marimo._runtime.context": context}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return outputs


class Book(BaseModel):
    title: str
    pages: int


def answer(**options: Any) -> Any:
    @any_provider.call("openai:gpt-4o-mini", stream=True, **options)
    def answer(question: str) -> str:
        return question

    return answer("?")


def test_markdown(cell: Outputs, llm: ScriptedProvider) -> None:
    llm.reply("# Books\n\n- *Emma*\n\n```python\nx = 1\n```\n", reasoning="Hm.", by=2)
    show(answer())
    assert len(cell.shown) == 1
    html = cell.last
    for piece in ("<h1>Books</h1>", "<li><em>Emma</em></li>", "x = 1\n</code>", "<p>Hm.</p>"):
        assert piece in html
    assert Checked(html).text.rstrip().rpartition("\n")[2].startswith("finished · ")


def test_all_that_a_model_writes_is_text(cell: Outputs, llm: ScriptedProvider) -> None:
    script = "<script>alert(1)</script>"
    tools = [call(script, **{script: script, "list": [{script: script}]})]
    llm.reply(HOSTILE, reasoning=HOSTILE, tools=tools, finish_reason=script, by=5)
    llm.reply(value={"value": [{"title": script, "pages": 1}]}, by=3)
    show(answer())
    show(answer(response_model=list[Book]))
    for html in (html for output in cell.shown for html in output):
        Checked(html)
    read = Checked(cell.last)
    assert read.text.count(script) >= 9
    assert "https://evil.example/c.png" in read.links


@pytest.mark.parametrize("text", [each.expected.get("text") for each in recordings("gemini")[:20]])
def test_texts_of_models(cell: Outputs, llm: ScriptedProvider, text: str | None) -> None:
    llm.reply(text or "", by=9)
    show(answer())
    Checked(cell.last)


@pytest.mark.parametrize(
    "text", ["A paragraph of some words.\n\n" * 6000, "```\n" + "code\n" * 20_000, "word " * 20_000]
)
def test_what_is_sent_each_time_is_bounded(cell: Outputs, llm: ScriptedProvider, text: str) -> None:
    llm.reply(text, by=500)
    show(answer())
    assert len(cell.shown) > 5
    assert all(len(html) < 4 * PAGE for output in cell.shown for html in output)
    shown = Checked(cell.last).text.rpartition("finished")[0]
    assert "".join(shown.split()) == "".join(text.replace("`", "").split())


def test_tools_and_tables(cell: Outputs, llm: ScriptedProvider) -> None:
    llm.reply(tools=[call("get_author", title="Emma")])
    llm.reply(value={"value": [{"title": "Emma", "pages": 474}]}, by=3)
    show(answer())
    show(answer(response_model=list[Book]))
    assert "<b>get_author</b>" in cell.last
    assert "<td>Emma</td><td>474</td>" in cell.last


def test_a_failure_keeps_what_was_received(cell: Outputs, llm: ScriptedProvider) -> None:
    llm.cut(after="It was a dark night")
    with pytest.raises(Exception, match="connection"):
        show(answer())
    assert "It was a dark night" in cell.last


def test_progress(cell: Outputs, llm: ScriptedProvider) -> None:
    for _ in range(2):
        llm.reply("one", usage=(3, 5))
    for stream in track([answer(), answer()], "<Books>", total=2):
        list(stream)
    assert "&lt;Books&gt;" in cell.last
    assert '<progress value="1.000">' in cell.last
    assert "2/2 · " in cell.last
    assert "10 tokens" in cell.last


NOTEBOOK = """
from mirascope import testing
from mirascope.core import openai
from mirascope.show import ashow, show

@openai.call("gpt-4o-mini", stream=True)
def answer(question: str) -> str:
    return question

@openai.call("gpt-4o-mini", stream=True)
async def aanswer(question: str) -> str:
    return question

with testing.provider() as llm:
    llm.reply("# Books\\n\\n" + "- *Emma*\\n" * 40, by=2, pace="live")
    llm.reply("**Ulysses**")
    stream = show(answer("?"))
    await ashow(aanswer("?"))
stream.state
"""


def test_a_notebook_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(NOTEBOOK)])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    outputs = notebook.cells[0].outputs
    assert [output.output_type for output in outputs] == ["display_data"] * 2 + ["execute_result"]
    first, second = (Checked(output.data["text/html"]).text for output in outputs[:2])
    assert first.count("Emma") == 40
    assert "finished · " in first
    assert second.startswith("Ulysses")
    assert outputs[2].data["text/plain"] == "'finished'"
