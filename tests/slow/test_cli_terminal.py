"""The command line in a pseudo-terminal, against a scripted provider."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.cli import Terminal, invoke
from support.fixtures import only_everywhere

from mirascope import testing
from mirascope._cli.log import Log

pytestmark = [
    only_everywhere,  # tests/examples has a chat on a pseudo-terminal
    pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there"),
]

TOOLS = '''
def get_author(title: str) -> str:
    """Returns the author of a book."""
    return "Jane \\x1b[31mAusten"
'''


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[testing.ScriptedProvider]:
    monkeypatch.setenv("MIRASCOPE_DATA", str(tmp_path / "data"))
    (tmp_path / "my_tools.py").write_text(TOOLS)
    with testing.provider() as provider:
        yield provider


def sent(provider: testing.ScriptedProvider) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in provider.requests[-1].messages]


def test_a_chat_goes_on_after_ctrl_c_and_later(provider: testing.ScriptedProvider) -> None:
    provider.stall("Half")
    provider.reply("Whole")
    with Terminal("chat") as terminal:
        terminal.expect("mirascope: openai:gpt-4o-mini; /exit or Ctrl-D ends the chat\n")
        terminal.expect("> ")
        terminal.type("hello\n")
        terminal.expect("Half")
        terminal.type("\x03")
        terminal.expect("stopped; the response is not complete\n")
        terminal.expect("> ")
        terminal.type("again\n")
        terminal.expect("Whole\n")
        terminal.expect("> ")
        terminal.type("\x04")
        assert terminal.end() == 0
    history = [("user", "hello"), ("assistant", "Half"), ("user", "again")]
    assert sent(provider) == history
    provider.reply("Yes")
    with Terminal("chat", "-c", columns=20, TERM="dumb") as terminal:
        terminal.expect("> ")
        terminal.type("\x10\x10!\n")  # the prompt before the last one, recalled by readline
        terminal.expect("Yes\n")
        terminal.expect("> ")
        terminal.type("/exit\n")
        assert terminal.end() == 0
    assert sent(provider) == [*history, ("assistant", "Whole"), ("user", "hello!")]


def test_ctrl_c_twice_leaves_a_chat(provider: testing.ScriptedProvider) -> None:
    provider.stall("Half")
    with Terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.type("hello\n")
        terminal.expect("Half")
        terminal.type("\x03")
        terminal.expect("> ")
        assert terminal.end_by_interrupt() == 130
    [conversation] = Log().last(1)
    assert conversation.turns[0].response == "Half"
    with Terminal("chat") as terminal:
        terminal.expect("> ")
        terminal.interrupt("press Ctrl-C again")
        terminal.expect("> ")
        assert terminal.end_by_interrupt() == 130
        assert "Traceback" not in terminal.shown


def test_ctrl_c_twice_ends_a_prompt(provider: testing.ScriptedProvider) -> None:
    provider.stall("Half")
    with Terminal("hi") as terminal:
        terminal.expect("Half")
        terminal.type("\x03\x03")
        assert terminal.end() in {130, -2}
        assert "Traceback" not in terminal.shown
        assert "Aborted" not in terminal.shown


@pytest.mark.parametrize(
    ("piped", "answer", "output"),
    [
        (None, "y", "mirascope: get_author -> Jane [31mAusten\n"),
        (b"Who?", "n", "mirascope: get_author -> ToolNotRunError: the user declined this call\n"),
    ],
)
def test_a_tool_is_approved_on_the_terminal(
    provider: testing.ScriptedProvider,
    tmp_path: Path,
    piped: bytes | None,
    answer: str,
    output: str,
) -> None:
    provider.reply("I look.", tools=[testing.call("get_author", title="Em\x1bma")])
    provider.reply("Done")
    prompt = ["Who?"] if piped is None else []
    with Terminal(*prompt, "--tool", "my_tools:get_author", cwd=tmp_path, piped=piped) as terminal:
        terminal.expect('I look.\nmirascope: get_author {"title": "Em')
        terminal.expect("mirascope: run get_author? [y/N] ")
        terminal.type(f"{answer}\n")
        terminal.expect(output)
        terminal.expect("Done\n")
        assert terminal.end() == 0
    assert sent(provider)[0] == ("user", "Who?")


def test_ctrl_c_instead_of_an_approval_stops_and_can_be_continued(
    provider: testing.ScriptedProvider, tmp_path: Path
) -> None:
    provider.reply(tools=[testing.call("get_author", title="Emma")])
    with Terminal("Who?", "--tool", "my_tools:get_author", cwd=tmp_path) as terminal:
        terminal.expect("[y/N] ")
        terminal.interrupt("stopped")
        assert terminal.end() == 130
    provider.reply("Yes")
    assert invoke("-c", "Why?").returncode == 0
    assert [role for role, _ in sent(provider)] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]


@pytest.mark.parametrize("model", ["openai", "gemini"])
def test_a_value_grows(provider: testing.ScriptedProvider, model: str) -> None:
    provider.reply(value=[{"name": 'a ] } "b" \\'}, {"name": ""}])
    schema = {"type": "array", "items": {"properties": {"name": {"type": "string"}}}}
    with Terminal("-m", model, "hi", "--schema", json.dumps(schema)) as terminal:
        assert terminal.end() == 0
        assert json.loads(terminal.shown) == [{"name": 'a ] } "b" \\'}, {"name": ""}]


def test_a_value_is_shown_before_it_is_complete(provider: testing.ScriptedProvider) -> None:
    provider.stall('{"name": "Ann of Gr', by=1)
    with Terminal("hi", "--schema", "name, age int") as terminal:
        terminal.expect('{\n  "name": "Ann of Gr')
        assert terminal.end_by_interrupt() == 130


def test_live_renders_markdown_or_names_what_it_needs(provider: testing.ScriptedProvider) -> None:
    provider.reply("# Hello")
    done = invoke("hi", "--live")  # which is for terminals
    assert (done.returncode, done.stdout, done.stderr) == (0, "# Hello\n", "")
    provider.reply("# Hello")
    with Terminal("hi", "--live", TERM="dumb") as terminal:
        assert terminal.end() == 0
        assert terminal.shown == "# Hello\n"
    provider.reply("# Hello")
    with Terminal("hi", "--live") as terminal:
        if find_spec("mirascope.show"):
            assert terminal.end() == 0
            assert "Hello" in terminal.shown
            assert "# Hello" not in terminal.shown
        else:
            assert terminal.end() == 1
            assert terminal.shown.startswith("mirascope: --live needs mirascope.show")


def test_a_long_list_fits_a_narrow_terminal(provider: testing.ScriptedProvider) -> None:
    provider.reply("Yes")
    assert invoke("A long prompt. " * 20).returncode == 0
    with Terminal("logs", columns=50) as terminal:
        assert terminal.end() == 0
        [line] = terminal.shown.splitlines()
        assert len(line) == 50
