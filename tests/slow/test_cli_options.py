"""The options of the command line in pipes, against a scripted provider."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from support.cli import COMMAND, environment, invoke, run
from support.fixtures import only_everywhere

from mirascope import llm, testing
from mirascope._cli.log import Log, LogError, Turn
from mirascope._cli.schema import response_model
from mirascope._cli.terminal import UserError
from mirascope.core.base import BaseStructuredStream

pytestmark = only_everywhere  # docs/places/command-line.md runs the options that users need most

KEY = "the-key-that-is-never-logged-0123456789"

TOOLS = '''
def get_author(title: str) -> str:
    """Returns the author of a book."""
    if title == "Ulysses":
        raise KeyError(title)
    return f"Jane Austen wrote {title}"


async def get_year(title: str) -> int:
    """Returns the year of a book."""
    return 1815


number = 3
'''


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home" / "data"
    monkeypatch.setenv("MIRASCOPE_DATA", str(folder))
    return folder


@pytest.fixture
def provider(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[testing.ScriptedProvider]:
    with testing.provider() as provider:
        assert not data.exists()
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield provider


def sent(provider: testing.ScriptedProvider) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in provider.requests[-1].messages]


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def turns(data: Path, columns: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(data / "log.db") as connection:
        rows = connection.execute(f"SELECT {columns} FROM turns ORDER BY id").fetchall()  # noqa: S608  # of a test
    connection.close()
    return rows


# Schemas.


@pytest.mark.parametrize("name", ["openai", "anthropic", "gemini", "cohere", "groq", "mistral"])
def test_a_schema_makes_the_response_json(provider: testing.ScriptedProvider, name: str) -> None:
    value = {"name": "Ann", "age": 3}
    provider.reply(value=value)
    done = invoke("-m", name, "Invent a child", "--schema", "name, age int: in years")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == value
    assert "in years" in json.dumps(provider.requests[-1].json)


def test_a_value_that_does_not_fit_is_an_error_without_output(
    provider: testing.ScriptedProvider,
) -> None:
    provider.reply(value={"name": "Ann", "age": "very old indeed"})
    done = invoke("Invent a child", "--schema", "name, age int")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("mirascope: the response does not match the schema: age: ")
    assert "very old" not in line


def test_the_schema_is_a_file_and_goes_with_events(
    provider: testing.ScriptedProvider, tmp_path: Path
) -> None:
    text = {"type": "string"}
    schema = {"type": "array", "items": {"properties": {"caf\u00e9 s": text, "_id": text}}}
    (tmp_path / "my.json").write_text(json.dumps(schema))
    value = [{"caf\u00e9 s": "a", "_id": "b"}, {}]
    provider.reply(value=value)
    provider.reply(value=value)
    done = run("hi", "--schema", "my.json", "--json", cwd=tmp_path)
    *partial, last, _usage, finish = events(done)
    assert {"caf\u00e9 s": "a", "_id": "b"} in [event["value"][0] for event in partial[1:]]
    assert last == {"type": "partial", "complete": True, "value": value}
    assert finish["type"] == "finish"
    done = run("hi", "--schema", "my.json", cwd=tmp_path, LC_ALL="C", PYTHONUTF8="0")
    assert done.stdout.isascii()
    assert json.loads(done.stdout) == value


PERSON = {"properties": {"n": {"type": "integer"}}, "required": ["n"]}
NULLABLE = {"anyOf": [{"type": "number"}, {"type": "null"}]}
REFERENCES = {"p": {"$ref": "#/$defs/P"}, "q": {"allOf": [{"$ref": "#/$defs/P"}]}}
NAMES = {"class": {"type": "string"}, "_b": {}, "copy": {}, "caf\u00e9 s": {}}
SCHEMAS: list[tuple[dict[str, Any], object, object]] = [
    ({"properties": {"a": {"type": "integer", "minimum": 3}}}, {"a": 3}, {"a": 2}),
    ({"properties": {"a": {"enum": ["x", "y"]}}}, {"a": "y"}, {"a": "z"}),
    ({"properties": {"a": {"const": 1}}, "required": ["a"]}, {"a": 1}, {}),
    ({"properties": {"a": {"type": ["string", "null"]}}}, {"a": None}, {"a": 1}),
    ({"properties": {"a": NULLABLE}}, {"a": 0.5}, {"a": "x"}),
    ({"properties": {"a": {"type": "string", "pattern": "^(?=b)"}}}, {"a": "bc"}, {"a": "c"}),
    ({"properties": NAMES}, {"class": "x", "_b": [1], "copy": 2, "caf\u00e9 s": 1}, {"class": 1}),
    ({"properties": {"a": {}}, "additionalProperties": False}, {"a": True}, {"b": 1}),
    ({"additionalProperties": {"type": "integer"}}, {"x": 1}, {"x": "y"}),
    ({"type": "array", "items": {"type": "string"}, "minItems": 1}, ["a"], []),
    ({"$defs": {"P": PERSON}, "properties": REFERENCES}, {"p": {"n": 1}, "q": {"n": 2}}, {"p": {}}),
]


@pytest.mark.parametrize(("schema", "fits", "does_not"), SCHEMAS)
def test_a_json_schema_is_converted(
    provider: testing.ScriptedProvider, schema: dict[str, Any], fits: object, does_not: object
) -> None:
    kind = response_model(json.dumps(schema))

    @llm.call("openai:gpt-4o-mini", stream=True, response_model=kind)
    def ask() -> str:
        return "hi"

    provider.reply(value=fits)
    stream: BaseStructuredStream[Any] = ask()
    value = [*stream][-1]
    assert TypeAdapter(kind).dump_python(value, by_alias=True) == fits
    with pytest.raises(ValidationError):
        provider.reply(value=does_not)
        [*ask()]


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ("name, age integer", "'age integer'"),
        ("name, , b", "no name"),
        ("missing.json", "no file missing.json"),
        ("{bad", "not valid JSON"),
        ('{"type": "string"}', "'string'"),
        ('{"type": ["object", "null"]}', "an object or an array"),
        ('{"$ref": "#/$defs/X"}', "'#/$defs/X'"),
        ('{"properties": {"n": {"$ref": "#"}}}', "recursively"),
        ('{"properties": {"a": {"type": "string", "pattern": "("}}}', "subpattern"),
        ('{"properties": [1]}', "cannot be used"),
    ],
)  # fmt: skip
def test_an_unusable_schema_is_an_error_that_names_it(schema: str, problem: str) -> None:
    with pytest.raises(UserError) as caught:
        response_model(schema)
    assert problem in str(caught.value)


# Attachments.


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    size = (1).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
    pixel = chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + pixel + chunk(b"IEND", b"")


def test_files_are_attached(provider: testing.ScriptedProvider, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7\n")
    provider.reply("A pixel")
    done = run("What is it?", "--attach", "a.png", "--attach", "b.pdf", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "A pixel\n", "")
    parts = provider.requests[-1].json["messages"][-1]["content"]
    assert [part["type"] for part in parts] == ["image_url", "file", "text"]


def test_a_file_that_cannot_be_attached_is_an_error(
    provider: testing.ScriptedProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "a.flac").write_bytes(b"fLaC0000")
    done = invoke("hi", "--attach", "a.txt")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("mirascope: a.txt is not an image, an audio file or a PDF")
    done = invoke("hi", "--attach", "a.flac")
    assert (done.returncode, done.stdout) == (1, "")
    assert "audio/flac" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert invoke("hi", "--attach", "none.png").returncode == 2
    assert not provider.requests


# Tools.


def test_tools_are_run_and_shown(provider: testing.ScriptedProvider, tmp_path: Path) -> None:
    (tmp_path / "my_tools.py").write_text(TOOLS)
    calls = [testing.call("get_author", title=title) for title in ("Emma", "Ulysses")]
    provider.reply("Let me see.", tools=[*calls, testing.call("get_year", title="Emma")])
    provider.reply("Jane Austen")
    options = ["--tool", "my_tools:get_author", "--tool", "my_tools:get_year", "--yes"]
    done = run("Who?", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Let me see.\nJane Austen\n")
    assert done.stderr.splitlines() == [
        'mirascope: get_author {"title": "Emma"}',
        'mirascope: get_author {"title": "Ulysses"}',
        'mirascope: get_year {"title": "Emma"}',
        "mirascope: get_author -> Jane Austen wrote Emma",
        "mirascope: get_author -> KeyError: 'Ulysses'",
        "mirascope: get_year -> 1815",
    ]
    provider.reply("Yes")
    run("-c", "Sure?")
    roles = [role for role, _ in sent(provider)]
    assert roles == ["user", "assistant", "tool", "tool", "tool", "assistant", "user"]


def test_events_have_the_tools_and_their_outputs(
    provider: testing.ScriptedProvider, tmp_path: Path
) -> None:
    (tmp_path / "my_tools.py").write_text(TOOLS)
    provider.reply(tools=[testing.call("get_author", title="Emma")], usage=(3, 4))
    provider.reply("Jane Austen", usage=(5, 2))
    done = run("Who?", "--tool", "my_tools:get_author", "--yes", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = events(done)
    kinds = [event["type"] for event in found if event["type"] != "tool-delta"]
    assert kinds == ["tool", "tool-output", "text", "text", "usage", "finish"]
    assert next(e for e in found if e["type"] == "usage")["totalTokens"] == 14


def test_endless_calls_are_stopped_and_can_be_continued(
    provider: testing.ScriptedProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_tools.py").write_text(TOOLS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for _ in range(10):
        provider.reply(tools=[testing.call("get_author", title="Emma")])
    done = invoke("Who?", "--tool", "my_tools:get_author", "--yes")
    sys.modules.pop("my_tools", None)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("in too many rounds; -c continues\n")
    provider.reply("Yes")
    assert invoke("-c", "Well?").stdout == "Yes\n"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--tool", "my_tools:get_author"], "no terminal to approve tool calls on; use --yes"),
        (["--tool", "my_tools", "--yes"], "MODULE:FUNCTION"),
        (["--tool", "my_tools:number", "--yes"], "no function 'number'"),
        (["--tool", "nowhere:f", "--yes"], "No module named 'nowhere'"),
        (["--tool", "my_tools:get_author", "--yes", "--schema", "a"], "--tool and --schema"),
    ],
)
def test_an_unusable_tool_is_an_error(
    provider: testing.ScriptedProvider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    problem: str,
) -> None:
    (tmp_path / "my_tools.py").write_text(TOOLS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    done = invoke("hi", *options)
    sys.modules.pop("my_tools", None)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert problem in done.stderr
    assert not provider.requests


# Failures and the end of the output.


def test_a_failure_is_an_event_a_line_and_a_code(
    provider: testing.ScriptedProvider, data: Path
) -> None:
    provider.stall("Half")
    done = run("hi", "--timeout", "0.3", "--json")
    assert done.returncode == 1
    assert [event["type"] for event in events(done)] == ["text", "error"]
    [line] = done.stderr.splitlines()
    assert "within 0.3 seconds" in line
    assert turns(data, "response, state") == [("Half", "failed")]
    provider.fail(401, f"no {KEY}")
    done = run("hi")
    assert (done.returncode, done.stdout) == (1, "")
    assert KEY not in done.stderr
    assert len(turns(data, "id")) == 1  # nothing was received


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
def test_what_was_received_before_head_ended_is_logged(
    provider: testing.ScriptedProvider, data: Path
) -> None:
    provider.reply("line\n" * 20_000, by=5)
    command = [*COMMAND, "hi"]
    with subprocess.Popen(command, env=environment(), stdout=-1, stderr=-1, stdin=-3) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"line\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
    assert turns(data, "state") == [("closed",)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk")
def test_a_full_disk_is_an_error(provider: testing.ScriptedProvider, data: Path) -> None:
    provider.reply("Hello")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "hi"],
            env=environment(),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "No space left on device" in line
    assert turns(data, "response") == [("Hello",)]


@pytest.mark.skipif(sys.platform == "win32", reason="the locale is another matter there")
def test_without_a_utf8_locale_prompts_are_sent_as_they_are(
    provider: testing.ScriptedProvider,
) -> None:
    provider.reply("Tsch\u00fcss")
    done = run("Caf\u00e9?", piped="Gr\u00fc\u00df", LC_ALL="C", PYTHONUTF8="0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Tsch?ss\n", "")
    assert sent(provider) == [("user", "Caf\u00e9?\n\nGr\u00fc\u00df")]


# The log.


def test_conversations_are_logged_continued_and_printed(
    provider: testing.ScriptedProvider, data: Path
) -> None:
    provider.reply("Mist\x1bborn")
    provider.reply("Sanderson")
    provider.reply("Nothing")
    assert invoke("-m", "groq", "--system", "Be kind", "A book?").returncode == 0
    done = invoke("-c", "By whom?")
    assert done.stdout == "Sanderson\n"
    assert provider.requests[-1].provider == "groq"
    assert sent(provider) == [
        ("system", "Be kind"),
        ("user", "A book?"),
        ("assistant", "Mist\x1bborn"),
        ("user", "By whom?"),
    ]
    invoke("--no-log", "-c", "--system", "Be brief", "Why?")
    assert [role for role, _ in sent(provider)].count("system") == 1
    assert sent(provider)[0] == ("system", "Be brief")
    invoke("logs", "-n", "1")
    [line] = invoke("logs").stdout.splitlines()
    model = "groq:llama-3.3-70b-versatile"
    assert line.split()[0] == "1"
    assert line.endswith(f"  2  {model}  A book?")
    shown = invoke("logs", "1").stdout
    assert "> By whom?\n\nSanderson\n" in shown
    [logged] = events(invoke("logs", "--json"))
    assert [turn["response"] for turn in logged["turns"]] == ["Mist\x1bborn", "Sanderson"]
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "log.db").stat().st_mode) == 0o600
    assert KEY.encode() not in (data / "log.db").read_bytes()


def test_where_there_is_no_log_it_says_so(data: Path) -> None:
    done = invoke("logs")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "mirascope: the log is empty\n"
    done = invoke("-c", "hi")
    assert (done.returncode, done.stderr) == (
        1,
        "mirascope: there is no conversation to continue\n",
    )
    assert invoke("logs", "7").stderr == "mirascope: there is no conversation 7 in the log\n"
    assert not data.exists()


def test_a_broken_log_never_loses_the_response(
    provider: testing.ScriptedProvider, data: Path
) -> None:
    data.mkdir(parents=True)
    (data / "log.db").write_bytes(b"no database at all" * 100)
    provider.reply("Hello")
    done = invoke("hi")
    assert (done.returncode, done.stdout) == (0, "Hello\n")
    [line] = done.stderr.splitlines()
    assert "log.db cannot be used: file is not a database; the response is not saved" in line
    done = invoke("logs")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_locked_log_never_loses_the_response(
    provider: testing.ScriptedProvider, data: Path
) -> None:
    Log().add(None, TURN)
    provider.reply("Hello")
    with sqlite3.connect(data / "log.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        done = invoke("hi")
        assert len(Log().last(5)) == 1  # which can be read meanwhile
    other.close()
    assert (done.returncode, done.stdout) == (0, "Hello\n")
    [line] = done.stderr.splitlines()
    assert "database is locked; the response is not saved" in line


def test_a_data_folder_that_cannot_be_written_never_loses_the_response(
    provider: testing.ScriptedProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    provider.reply("Hello")
    monkeypatch.setenv("MIRASCOPE_DATA", str(tmp_path / "file" / "data"))
    done = invoke("hi")
    assert (done.returncode, done.stdout) == (0, "Hello\n")
    [line] = done.stderr.splitlines()
    assert line.endswith("the response is not saved")


TURN = Turn(1.0, "openai:m", "hi", "Hello", "finished", 1, 1, "[]")


def test_several_processes_can_write_the_log_at_once(data: Path) -> None:
    del data
    numbers: list[int] = []

    def write() -> None:
        first = Log().add(None, TURN)
        numbers.extend([first, Log().add(first, TURN)])

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == sorted([*range(1, 9)] * 2)
    assert [len(each.turns) for each in Log().last(10)] == [2] * 8


def test_a_log_of_a_newer_version_is_not_touched(data: Path) -> None:
    Log().add(None, TURN)
    with sqlite3.connect(data / "log.db") as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(LogError, match="newer version"):
        Log().add(None, TURN)


# The other commands.


def test_models_lists_providers_and_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "")
    done = invoke("models")
    assert (done.returncode, done.stderr) == (0, "")
    assert KEY not in done.stdout
    lines = {line[2:].split()[0]: line for line in done.stdout.splitlines()}
    assert lines["openai"].endswith("OPENAI_API_KEY is not set")
    assert lines["mistral"].endswith("MISTRAL_API_KEY is set")
    assert lines["local"].split()[-1] == "machine"


def test_a_prompt_that_is_the_name_of_a_command_follows_two_dashes(
    provider: testing.ScriptedProvider,
) -> None:
    provider.reply("Yes")
    assert invoke("--", "models").stdout == "Yes\n"
    assert sent(provider) == [("user", "models")]


def test_shells_complete_commands_and_options() -> None:
    def completed(words: str) -> set[str]:
        variables = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
        done = run(_MIRASCOPE_COMPLETE="bash_complete", **variables)
        return {line.partition(",")[2] for line in done.stdout.splitlines()}

    assert completed("mirascope mo") == {"models"}
    assert completed("mirascope --te") == {"--temperature"}
    assert completed("mirascope logs --j") == {"--json"}
    assert "_mirascope_completion" in run(_MIRASCOPE_COMPLETE="bash_source").stdout


def test_chat_in_a_pipe_reads_a_prompt_from_each_line(
    provider: testing.ScriptedProvider, data: Path
) -> None:
    provider.reply("A")
    provider.fail(400, "no")
    provider.reply("C")
    done = invoke("chat", piped="one\n\ntwo\nthree\n/exit\nfour\n")
    assert (done.returncode, done.stdout) == (1, "A\nC\n")
    assert done.stderr == "mirascope: Error code: 400 - no\n"
    assert sent(provider) == [("user", "one"), ("assistant", "A"), ("user", "three")]
    assert turns(data, "conversation, prompt") == [(1, "one"), (1, "three")]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
def test_ctrl_c_writes_an_abort_event(provider: testing.ScriptedProvider, data: Path) -> None:
    provider.stall("Half")
    command = [*COMMAND, "hi", "--json"]
    with subprocess.Popen(command, env=environment(), stdout=-1, stderr=-1, stdin=-3) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline()) == {"type": "text", "text": "Half"}
        os.kill(process.pid, signal.SIGINT)
        rest, errors = process.communicate(timeout=120)
    assert (process.returncode, json.loads(rest)) == (130, {"type": "abort"})
    assert errors == b"mirascope: stopped; the response is not complete\n"
    assert turns(data, "response, state") == [("Half", "closed")]
