"""What a terminal shows of a stream of any provider, sync and async."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import anyio
import pytest
from pydantic import BaseModel, ValidationError
from rich.console import Console
from show_support import Terminal, TerminalFile, console, environment, shown
from support.cases import Case, Driver
from support.providers.openai import OPENAI

from mirascope import errors
from mirascope import llm as any_provider
from mirascope.show import ashow, show
from mirascope.show._lines import Line
from mirascope.show._screen import Screen
from mirascope.testing import ScriptedProvider, call

MARKDOWN = "Books\n\n- *Emma*\n- **Ulysses**\n\nThat is `all`."


class Book(BaseModel):
    title: str
    pages: int


class Shelf(BaseModel):
    name: str
    books: list[Book]


def get_author(title: str) -> str:
    """Return the author of a book."""
    return f"the author of {title}"


def test_a_text(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    llm.reply(MARKDOWN, by=3, usage=(12, 5))
    file = TerminalFile()
    stream = shown(driver, driver.function(case), console=console(file))
    assert stream.state == "finished"
    assert stream.content == MARKDOWN
    *text, last = file.terminal.text.splitlines()
    assert [line.strip() for line in text] == [
        "Books",
        "",
        "• Emma",
        "• Ulysses",
        "",
        "That is all.",
        "",
    ]
    assert last.startswith("finished · ")
    assert " to first token · " in last
    assert "tokens/s · 5 tokens" in last


def test_tools_are_panels(case: Case, driver: Driver, llm: ScriptedProvider) -> None:
    calls = [call("get_author", title="Emma"), call("get_author", title="Ulysses")]
    llm.reply("Let me see.", tools=calls)
    file = TerminalFile(width=30)
    shown(driver, driver.function(case, tools=[get_author]), console=console(file))
    text = file.terminal.text
    assert text.index("Let me see.") < text.index("title: Emma") < text.index("title: Ulysses")
    assert text.count("╭─ get_author ") == 2


@pytest.mark.parametrize(
    "options", [{"response_model": list[Book]}, {"json_mode": True, "response_model": list[Book]}]
)
def test_a_list_of_models_is_a_table(
    case: Case, driver: Driver, llm: ScriptedProvider, options: dict[str, Any]
) -> None:
    llm.reply(
        value={"value": [{"title": "Emma", "pages": 474}, {"title": "Ulysses", "pages": 730}]}, by=3
    )
    file = TerminalFile()
    stream = shown(driver, driver.function(case, **options), console=console(file))
    assert stream.constructed_response_model == [
        Book(title="Emma", pages=474),
        Book(title="Ulysses", pages=730),
    ]
    lines = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in file.terminal.text.splitlines()
    ]
    assert [line for line in lines if line] == [["Emma", "474"], ["Ulysses", "730"]]


def test_partial_tools_and_llm_calls(driver: Driver, llm: ScriptedProvider) -> None:
    llm.reply("Hm.", tools=[call("get_author", title="Emma")])
    decorate = any_provider.call(
        "openai:gpt-4o-mini", tools=[get_author], stream={"partial_tools": True}
    )

    def ask(_: str) -> str:
        return "Who?"

    async def aask(_: str) -> str:
        return "Who?"

    file = TerminalFile()
    stream = shown(driver, decorate(aask if driver.asynchronous else ask), console=console(file))
    assert isinstance(stream, any_provider.Stream)
    assert file.terminal.text.count("title: Emma") == 1


@pytest.fixture
def ask() -> Any:
    @any_provider.call("openai:gpt-4o-mini", stream=True)
    def ask(question: str) -> str:
        return question

    return ask


@pytest.fixture
def shelve() -> Any:
    @any_provider.call("openai:gpt-4o-mini", stream=True, response_model=Shelf)
    def shelve(question: str) -> str:
        return question

    return shelve


def test_reasoning_is_dim_or_folded(ask: Any, llm: ScriptedProvider) -> None:
    for _ in range(2):
        llm.reply("Emma.", reasoning="Which **one**?", by=2)
    file, folded = TerminalFile(), TerminalFile()
    show(ask("?"), console=console(file, color_system="standard"))
    assert file.terminal.text.startswith("Which one?\n\nEmma.\n\nfinished")
    assert "\x1b[1;2mone" in "".join(file.writes)
    show(ask("?"), console=console(folded), reasoning="fold")
    assert folded.terminal.text.startswith("▸ reasoning, 14 characters\n\nEmma.\n\nfinished")


def test_a_model_is_a_tree(shelve: Any, llm: ScriptedProvider) -> None:
    llm.reply(value=Shelf(name="A", books=[Book(title="Emma", pages=474)]), by=2)
    file = TerminalFile()
    stream = show(shelve("?"), console=console(file))
    assert stream.constructed_response_model.books[0].title == "Emma"
    words = file.terminal.text.split()
    assert [w for w in words[: words.index("finished")] if w.isalnum() or w[-1] == ":"] == (
        ["name:", "A", "books:", "title:", "Emma", "pages:", "474"]
    )


def test_a_narrow_terminal_has_no_table(llm: ScriptedProvider) -> None:
    @any_provider.call("openai:gpt-4o-mini", stream=True, response_model=list[Book])
    def books(question: str) -> str:
        return question

    llm.reply(value={"value": [{"title": "Emma", "pages": 474}]})
    file = TerminalFile(width=15)
    show(books("?"), console=console(file))
    assert "title: Emma" in file.terminal.text
    assert max(map(len, file.terminal.text.splitlines())) <= 15


@pytest.mark.parametrize("fault", ["cut", "error"])
def test_what_was_received_stays(
    case: Case, driver: Driver, llm: ScriptedProvider, fault: str
) -> None:
    (llm.cut if fault == "cut" else llm.error_event)(after="It was a dark night")
    file = TerminalFile()
    with pytest.raises(errors.StreamError) as raised:
        shown(driver, driver.function(case), console=console(file))
    *text, last = file.terminal.text.splitlines()
    assert text == ["It was a dark night", ""]
    state = "truncated" if isinstance(raised.value, errors.StreamTruncated) else "failed"
    assert last.startswith(state)


def test_a_cancelled_task_keeps_what_was_received(llm: ScriptedProvider) -> None:
    @any_provider.call("openai:gpt-4o-mini", stream=True)
    async def aask(question: str) -> str:
        return question

    llm.stall(after="It was a dark night")
    file = TerminalFile()

    async def cancelled() -> None:
        stream = await aask("?")
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: ashow(stream, console=console(file)))
            while "night" not in stream.content:  # noqa: ASYNC110  # which nothing reports
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
        assert stream.state == "closed"

    anyio.run(cancelled)
    assert file.terminal.text.startswith("It was a dark night\n\nclosed · ")


def test_a_response_that_restarts(driver: Driver, llm: ScriptedProvider) -> None:
    llm.cut(after="It was")
    llm.reply("A dark night")
    file = TerminalFile()
    function = driver.function(OPENAI, on_interrupt="restart")
    shown(driver, function, console=console(file))
    text = "It was\n\nThe response restarts.\n\nA dark night\n\nfinished · "
    assert file.terminal.text.startswith(text)


def test_a_refused_request_has_only_a_last_line(ask: Any, llm: ScriptedProvider) -> None:
    llm.fail(400)
    file = TerminalFile()
    with pytest.raises(errors.BadRequest):
        show(ask("?"), console=console(file))
    assert file.terminal.text == "failed"


def test_an_invalid_value_stays(shelve: Any, llm: ScriptedProvider) -> None:
    llm.reply(value={"name": "A", "books": [{"title": "Emma"}]}, by=3)
    llm.reply("I would rather not.")
    file = TerminalFile()
    with pytest.raises(ValidationError):
        show(shelve("?"), console=console(file))
    assert "title: Emma" in file.terminal.text
    assert "\nfailed · " in file.terminal.text
    file = TerminalFile()
    with pytest.raises(ValidationError):
        show(shelve("?"), console=console(file))
    assert file.terminal.text.startswith("I would rather not.\n\nfailed · ")


def test_a_limit_is_on_the_last_line(ask: Any, llm: ScriptedProvider) -> None:
    llm.reply("It was a", finish_reason="length")
    file = TerminalFile()
    show(ask("?"), console=console(file))
    assert file.terminal.text.endswith(" · length")


def test_what_the_model_writes_never_reaches_the_terminal(ask: Any, llm: ScriptedProvider) -> None:
    llm.reply("a\x1b]0;title\x07b \x1b[2Jc [red]d[/red]", tools=[call("x\x1b[2J", a="\x1b[2J[b]")])
    file = TerminalFile()
    show(ask("?"), console=console(file, color_system=None))
    text = file.terminal.text
    assert "a]0;titleb [2Jc [red]d[/red]" in text
    assert "x[2J" in text
    assert "a: [2J[b]" in text


def test_each_drawing_is_one_write(ask: Any, llm: ScriptedProvider) -> None:
    llm.reply(MARKDOWN * 50, by=2)
    file = TerminalFile()
    show(ask("?"), console=console(file))
    assert file.terminal.drawn == len(file.writes)
    assert all(w.startswith("\x1b[?2026h") and w.endswith("\x1b[?2026l") for w in file.writes)
    assert not any("\x1b[2J" in write for write in file.writes)


def test_where_no_line_is_drawn_again_text_is_plain(
    ask: Any, shelve: Any, llm: ScriptedProvider
) -> None:
    llm.reply(MARKDOWN, reasoning="Hm.", by=3, tools=[call("get_author", title="Emma")])
    llm.reply(value=Shelf(name="A", books=[]))
    file = io.StringIO()
    show(ask("?"), console=Console(file=file))
    show(shelve("?"), console=Console(file=file))
    call_line, value_line = 'get_author({"title": "Emma"})', '{"name":"A","books":[]}'
    assert file.getvalue() == f"{MARKDOWN}\n{call_line}\n{value_line}\n"


class Broken(io.StringIO):
    """A pipe that nobody reads."""

    def write(self, _: str, /) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("is_terminal", [False, True])
def test_where_nobody_reads_the_stream_is_closed(
    ask: Any, llm: ScriptedProvider, *, is_terminal: bool
) -> None:
    llm.reply("It was a dark night", by=2, pace="live")
    stream = ask("?")
    with pytest.raises(BrokenPipeError):
        show(stream, console=Console(file=Broken(), force_terminal=is_terminal))
    assert stream.state == ("finished" if is_terminal else "closed")


def test_an_encoding_may_lack_characters(ask: Any, llm: ScriptedProvider) -> None:
    llm.reply("日本 ™ done")
    raw = io.BytesIO()
    show(ask("?"), console=Console(file=io.TextIOWrapper(raw, encoding="ascii")))
    assert raw.getvalue() == b"?? ? done\n"


@pytest.mark.usefixtures("llm")
def test_a_stream_is_shown_by_its_own_kind(ask: Any) -> None:
    @any_provider.call("openai:gpt-4o-mini", stream=True)
    async def aask(question: str) -> str:
        return question

    with pytest.raises(TypeError, match="await ashow"):
        show(aask("?"))
    with pytest.raises(TypeError, match="not str"):
        show("?")

    async def others() -> None:
        with pytest.raises(TypeError, match="await ashow"):
            show(await aask("?"))
        with pytest.raises(TypeError, match="is not async"):
            await ashow(ask("?"))

    anyio.run(others)


def lines(*texts: str) -> list[Line]:
    return [Line(text, text, len(text)) for text in texts]


def test_a_terminal_may_be_resized() -> None:
    file = TerminalFile(width=40)
    where = console(file)
    screen = Screen(where)
    screen.draw(lines("final"), lines("a line that is rather long, for it", "last"))
    where.width = 20
    file.terminal.resize(20)
    screen.draw([], lines("a line that is", "rather long, for it", "last"))
    assert file.terminal.text.splitlines() == [
        "final",
        "a line that is",
        "rather long, for it",
        "last",
    ]
    where.width = 40
    file.terminal.resize(40)
    screen.draw(lines("a line that is rather long, for it"), lines("last"))
    assert file.terminal.text.splitlines() == [
        "final",
        "a line that is rather long, for it",
        "last",
    ]


def test_only_lines_that_differ_are_written() -> None:
    file = TerminalFile()
    screen = Screen(console(file))
    screen.draw([], lines("one", "two", "three"))
    screen.draw(lines("one"), lines("two", "four"))
    assert "one" not in file.writes[1]
    assert "two" not in file.writes[1]
    screen.draw([], lines("two", "four"))
    assert len(file.writes) == 2
    assert file.terminal.text == "one\ntwo\nfour"


def test_a_full_line_keeps_its_last_character() -> None:
    file = TerminalFile(width=5)
    Screen(console(file)).draw(lines("12345"), [])
    assert "\x1b[K" not in file.writes[0]


def test_more_lines_than_the_terminal_has() -> None:
    file = TerminalFile(height=4)
    screen = Screen(console(file))
    for count in (2, 5, 9, 3):
        screen.draw([], lines(*(f"{i} of {count}" for i in range(count))))
    assert file.terminal.text == "0 of 3\n1 of 3\n2 of 3"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
    )


def test_without_rich_the_extra_is_named() -> None:
    code = "import sys; sys.modules['rich'] = None\nfrom mirascope import *\n"
    done = run(code + "from mirascope.show import show")
    assert done.stderr.splitlines()[-1].endswith(
        "rich is not installed or too old; run: pip install 'mirascope-streams[rich]'"
    )


def test_only_what_is_used_is_imported() -> None:
    code = (
        "import sys, mirascope.show; from mirascope import show; assert 'rich' not in sys.modules"
    )
    code += "\nfrom mirascope.show import show, track"
    code += "\nassert not {'IPython', 'marimo', 'openai'} & {*sys.modules}"
    assert run(code).stderr == ""


def test_the_terminal_of_these_tests() -> None:
    terminal = Terminal(4)
    terminal.feed("日本語a\n\x1b[1Axy\x1b[K\n\x1b[J")
    assert terminal.text == "日本\nxy"
