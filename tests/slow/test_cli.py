"""The command line, as a user's shell sees it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from support.base_install import SOURCES, base_install
from support.cases import Case, without_keys
from support.fixtures import few, only_everywhere

from mirascope import __main__, local
from mirascope.core._calls.servers import SERVERS
from mirascope.testing.loopback import Loopback, Response, Stall

COMMAND = [sys.executable, "-W", "error", "-m", "mirascope"]
KEY = "sk-made-up-for-tests"
SIGNING = {"AWS_SECRET_ACCESS_KEY": "a-secret-access-key", "AWS_REGION": "us-east-1"}
"""What Bedrock's requests are signed with, besides the id of the key."""

Mirascope = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.LocalServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIRASCOPE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        with local.serve() as server:
            yield server


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRASCOPE_DATA", str(tmp_path / "data"))


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without any key, but with the weights' place."""
    return {**without_keys(), "PYTHONPATH": SOURCES, **more}


def run(*arguments: str, piped: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(**more),
        check=False,
        input=piped,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
    )


def openai(url: str, key: str = KEY) -> dict[str, str]:
    return {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": key}


def chunk(text: str, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish_reason}
    record = {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-said",
        "choices": [choice],
    }
    return f"data: {json.dumps(record)}\n\n".encode()


DONE = b"data: [DONE]\n\n"


# Which provider is called.


def test_without_an_api_key_a_local_model_is_used_and_one_line_says_so(
    server: local.LocalServer,
) -> None:
    done = run("Recommend a fantasy book", "--max-tokens", "12")
    assert done.returncode == 0
    assert len(done.stdout.split()) > 4
    assert done.stdout.endswith("\n")
    [line] = done.stderr.splitlines()
    assert line.startswith("mirascope: found no API key in OPENAI_API_KEY")
    assert server.model in line


@only_everywhere
def test_a_chat_with_the_local_model_is_continued(server: local.LocalServer) -> None:
    for options in ["--no-log"], [], ["-c"]:
        done = run("chat", "-m", "local", "--max-tokens", "4", *options, piped="Hello\n")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.strip()
    [logged] = run("logs", "--json").stdout.splitlines()
    assert [turn["model"] for turn in json.loads(logged)["turns"]] == [f"local:{server.model}"] * 2


def test_with_an_api_key_its_provider_is_called(loopback: Loopback) -> None:
    loopback.queue.append(Response([chunk("Mistborn", "stop"), DONE]))
    done = run("Recommend a book", **openai(loopback.url))
    assert (done.returncode, done.stdout, done.stderr) == (0, "Mistborn\n", "")
    [request] = loopback.requests
    assert request.json["model"] == "gpt-4o-mini"
    assert request.headers["authorization"] == f"Bearer {KEY}"


@few
def test_a_provider_is_called_by_its_name(case: Case, loopback: Loopback) -> None:
    loopback.queue.append(Response(case.response("Mist", "born")))
    variables = {**SIGNING, case.key_variable: KEY, case.url_variable: case.url(loopback.url)}
    limits = ("--max-tokens", "9", "--temperature", "0.5")
    done = run("-m", f"{case.name}:requested-model", *limits, "Recommend a book", **variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Mistborn\n", "")
    assert case.temperature_of(loopback.requests[0].json) == 0.5
    assert case.key_of(loopback.requests[0]) == KEY


@pytest.mark.parametrize("named", ["nobody:model", "model-of-somebody", ""])
def test_an_unknown_provider_is_an_error_that_lists_the_known_ones(named: str) -> None:
    done = run("-m", named, "hello")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert repr(named.partition(":")[0]) in line
    known = ["openai", "anthropic", "gemini", "google", "cohere", "groq", "mistral"]
    known += ["openai_responses", "azure", "azure_responses", "bedrock", "vertex", *SERVERS]
    assert line.endswith(f"known providers: {', '.join(known)}, local")


# The prompt.


def asked(loopback: Loopback) -> object:
    return [(m["role"], m["content"]) for m in loopback.requests[0].json["messages"]]


@pytest.mark.parametrize(
    ("arguments", "piped", "model", "question"),
    [
        (["-m", "gpt-x", "Why?"], "", "gpt-x", "Why?"),
        (["-m", "openai:ft:gpt-x:mine"], "A text\n", "ft:gpt-x:mine", "A text\n"),
        (["-m", "openai", "Why?"], "A text\n", "gpt-4o-mini", "Why?\n\nA text\n"),
    ],
)
def test_the_prompt_and_what_is_piped_in_are_sent(
    loopback: Loopback, arguments: list[str], piped: str, model: str, question: str
) -> None:
    loopback.queue.append(Response([chunk("Yes", "stop"), DONE]))
    done = run(*arguments, piped=piped, **openai(loopback.url))
    assert done.returncode == 0, done.stderr
    assert asked(loopback) == [("user", question)]
    assert loopback.requests[0].json["model"] == model


@only_everywhere
def test_the_options_go_into_the_request(loopback: Loopback) -> None:
    loopback.queue.append(Response([chunk("Half an", "length"), DONE]))
    options = ["--system", "Be kind", "--max-tokens", "7", "--temperature", "0.5"]
    done = run("Why?", *options, **openai(loopback.url))
    assert (done.returncode, done.stdout, done.stderr) == (0, "Half an\n", "")
    assert asked(loopback) == [("system", "Be kind"), ("user", "Why?")]
    assert loopback.requests[0].json["max_completion_tokens"] == 7
    assert loopback.requests[0].json["temperature"] == 0.5


@only_everywhere
@pytest.mark.skipif(sys.platform == "win32", reason="arguments are text there")
def test_bytes_that_are_no_text_do_not_stop_it(loopback: Loopback) -> None:
    loopback.queue.append(Response([chunk("Yes", "stop"), DONE]))
    done = subprocess.run(
        [*COMMAND, b"Caf\xe9?"],
        env=environment(**openai(loopback.url)),
        check=False,
        input=b"\xff\n",
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert asked(loopback) == [("user", "Caf??\n\n\ufffd\n")]


@pytest.mark.parametrize(
    "arguments", [[], [" "], ["hi", "--max-tokens", "0"], ["hi", "--nonsense"]]
)
def test_a_usage_error_is_reported(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: mirascope ")


# The response.


def test_stats_are_printed_on_stderr_after_the_response(server: local.LocalServer) -> None:
    done = run(
        *("-m", "openai:any", "--stats", "--max-tokens", "8", "Recommend a fantasy book"),
        **openai(server.base_url, server.api_key),
    )
    assert done.returncode == 0, done.stderr
    [stats] = done.stderr.splitlines()
    reported = stats.removeprefix("mirascope: ").split(", ")
    assert reported[0] == local.MODEL
    assert re.fullmatch(r"first token after \d+\.\d\d s", reported[1])
    assert re.fullmatch(r"then \d+\.\d tokens/s", reported[2])
    assert reported[3:] == ["34 input tokens", "8 output tokens", "finish reason: length"]


@only_everywhere
def test_a_limit_that_the_user_did_not_set_is_reported(loopback: Loopback) -> None:
    loopback.queue.append(Response([chunk("Half an", "length"), DONE]))
    done = run("hi", **openai(loopback.url))
    assert (done.returncode, done.stdout) == (0, "Half an\n")
    assert "model's maximum length" in done.stderr


@only_everywhere
def test_what_stdout_cannot_encode_is_replaced(loopback: Loopback) -> None:
    half_an_emoji = chunk("caf\u00e9 \ud83d")
    loopback.queue.append(Response([half_an_emoji, chunk(" yes\n", "stop"), DONE]))
    done = run("hi", PYTHONIOENCODING="ascii", **openai(loopback.url))
    assert (done.returncode, done.stdout, done.stderr) == (0, "caf? ? yes\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_a_response_cannot_send_control_sequences_to_the_terminal(loopback: Loopback) -> None:
    loopback.queue.append(
        Response([chunk("\x1b]0;mine\x07\x1b[31mred\x9b2J\n\tdone", "stop"), DONE])
    )
    ours, theirs = os.openpty()
    done = subprocess.run(
        [*COMMAND, "hi"],
        env=environment(**openai(loopback.url)),
        check=False,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=240,
    )
    shown = os.read(ours, 4096)
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (0, b"")
    assert shown.expandtabs().split() == [b"]0;mine[31mred2J", b"done"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_no_prompt_on_a_terminal_is_a_usage_error() -> None:
    ours, theirs = os.openpty()
    done = subprocess.run(
        COMMAND, env=environment(), check=False, stdin=theirs, capture_output=True, timeout=240
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2
    assert b"there is no prompt" in done.stderr


# When it fails.


def test_an_invalid_api_key_is_one_line(server: local.LocalServer) -> None:
    done = run("hi", **openai(server.base_url))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "mirascope: Error code: 401 - Invalid API Key\n"


@pytest.mark.parametrize(
    ("answer", "printed", "said"),
    [
        (
            Response.of_json({"error": {"message": f"Incorrect key: {KEY}.\nSee elsewhere"}}, 401),
            "",
            "Incorrect key: ***. See elsewhere",
        ),
        (Response([chunk("Half")]), "Half\n", "it is cut off"),
        (Response([chunk("Half"), b'data: {"error": {"message": "boom"}}\n\n']), "Half\n", "boom"),
    ],
    ids=["key", "truncated", "error"],
)
def test_a_failure_is_one_line_after_what_was_received(
    loopback: Loopback, answer: Response, printed: str, said: str
) -> None:
    loopback.queue.append(answer)
    done = run("hi", **openai(loopback.url))
    assert (done.returncode, done.stdout) == (1, printed)
    [line] = done.stderr.splitlines()
    assert line.startswith("mirascope: ")
    assert said in line


@only_everywhere
@pytest.mark.parametrize(
    ("more", "said"),
    [
        (openai("http://127.0.0.1:9/v1"), "refused"),
        ({"OPENAI_API_KEY": f"{KEY}\n"}, "OPENAI_API_KEY contains a line break"),
        (
            {"OPENAI_API_KEY": f"\u201c{KEY}\u201d"},
            "OPENAI_API_KEY contains a line break or another",
        ),
        ({}, "OPENAI_API_KEY"),
    ],
    ids=["down", "newline", "quotes", "none"],
)
def test_a_request_that_cannot_be_sent_is_one_line_without_the_api_key(
    more: dict[str, str], said: str
) -> None:
    done = run("-m", "openai", "hi", **more)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("mirascope: ")
    assert said in line
    assert KEY not in line


def test_a_missing_file_of_weights_is_one_line(tmp_path: Path) -> None:
    done = run("-m", f"local:{tmp_path / 'none.gguf'}", "hi")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"mirascope: cannot read the model {tmp_path / 'none.gguf'}")
    assert len(done.stderr.splitlines()) == 1


def start(*arguments: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
def test_ctrl_c_keeps_what_was_received_and_disconnects(loopback: Loopback) -> None:
    loopback.queue.append(Response([chunk("Half"), Stall()]))
    with start("hi", "--stats", **openai(loopback.url)) as process:
        assert process.stdout
        assert process.stdout.read(4) == "Half"
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=240)
    assert (process.returncode, rest) == (130, "\n")
    note, stats = errors.splitlines()
    assert note == "mirascope: stopped; the response is not complete"
    assert stats.startswith("mirascope: gpt-said, first token after ")
    assert loopback.connections[0].disconnected.wait(10)


@only_everywhere
@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
def test_ctrl_c_ends_a_user_supplied_local_model_too(server: local.LocalServer) -> None:
    assert server.model == local.MODEL
    [file] = Path(os.environ["MIRASCOPE_CACHE_DIR"]).iterdir()
    with start("-m", f"local:{file}", "Count to one thousand", "--stats") as process:
        assert process.stdout
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=240)
    assert process.returncode == 130
    note, stats = errors.splitlines()
    assert note == "mirascope: stopped; the response is not complete"
    assert stats.startswith(f"mirascope: {file.stem}, ")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
def test_a_closed_pipe_ends_it_quietly(loopback: Loopback) -> None:
    loopback.queue.append(Response([chunk("line\n") for _ in range(1000)] * 100))
    with start("hi", "--stats", **openai(loopback.url)) as process:
        assert process.stdout
        assert process.stdout.readline() == "line\n"
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == ""
    assert process.returncode == 141


# The command itself.


def test_the_console_script_is_called_mirascope() -> None:
    project = Path(SOURCES).parent / "pyproject.toml"
    scripts = tomllib.loads(project.read_text())["project"]["scripts"]
    module, _, function = scripts["mirascope"].partition(":")
    assert getattr(import_module(module), function) is __main__.main


def test_help_and_version_load_no_provider() -> None:
    program = """
import sys
from mirascope.__main__ import main
try:
    main()
except SystemExit as exit:
    assert not exit.code
print({"openai", "pydantic", "anyio", "xllamacpp", "sqlite3", "asyncio"} & set(sys.modules))
"""
    for arguments, said in (
        (["--help"], "Usage: mirascope [OPTIONS] [PROMPT]"),
        (["chat", "--help"], "Usage: mirascope chat "),
        (["--version"], "mirascope, version "),
    ):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout.startswith(said)
        assert done.stdout.endswith("set()\n")


def test_help_lists_examples_as_lines() -> None:
    help_text = run("--help").stdout
    assert "\\b" not in help_text
    assert help_text.replace("\n", "").isprintable()
    assert [line.strip() for line in help_text.splitlines()[-2:]] == [
        'mirascope "Recommend a fantasy book"',
        'git diff | mirascope "Write a commit message"',
    ]


def test_without_click_it_names_the_extra(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "mirascope", "hi"],
        env=environment(PYTHONPATH=base_install(tmp_path)),
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert "mirascope-streams[cli]" in line
