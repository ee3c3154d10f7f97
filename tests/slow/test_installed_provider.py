"""The provider of ``examples/provider``, installed beside our wheel where nothing else is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from support.cases import without_keys
from support.providers.ollama_native import EXAMPLE, OLLAMA_NATIVE

from mirascope.testing.conformance import Reasoning, Text, one_after_another
from mirascope.testing.loopback import Loopback, Response

ROOT: Final = Path(__file__).parents[2]

PROGRAM: Final = '''
import asyncio
import importlib.util
import sys

import mirascope
from mirascope import llm

assert mirascope.__file__.startswith(sys.prefix), mirascope.__file__
assert importlib.util.find_spec("openai") is None


def look_up(title: str) -> str:
    """Look a book up."""
    return f"all about {title}"


@llm.call("ollama-native:llama3.2", stream=True, tools=[look_up])
def recommend(genre: str) -> str:
    return f"Recommend a {genre} book"


@llm.call("ollama-native:llama3.2", stream=True)
async def arecommend(genre: str) -> str:
    return f"Recommend a {genre} book"


@llm.call("ollama-native:llama3.2")
def plain(genre: str) -> str:
    return f"Recommend a {genre} book"


async def read() -> str:
    return "".join([chunk.content async for chunk, _ in await arecommend("witty")])


stream = recommend("witty")
called = [tool.call() for _, tool in stream if tool]
print(stream.reasoning, stream.content, *called, stream.output_tokens)
print(asyncio.run(read()))
print(plain("witty").content)
'''


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the two packages and what they depend on.

    Of the extra ``cli``, the local model is left out, which is large.
    """
    folder = tmp_path_factory.mktemp("fresh") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python"]
    packages = [ROOT, EXAMPLE, "click", "platformdirs"]
    options = ["-q", "--disable-pip-version-check", "--no-compile", *packages]
    subprocess.run([*pip, "install", *options], check=True)
    return folder / "bin"


@pytest.fixture
def ollama() -> Iterator[Loopback]:
    with Loopback() as server:
        yield server


def run(*command: str | Path, folder: Path, server: Loopback) -> str:
    """Run a command that talks to a server; return what it prints."""
    variables = {**without_keys(), OLLAMA_NATIVE.url_variable: server.url}
    variables.pop("PYTHONPATH", None)
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_an_installed_provider_is_called_by_its_name(
    environment: Path, ollama: Loopback, tmp_path: Path
) -> None:
    steps = [Reasoning("Hm."), Text("Hello"), *one_after_another(("look_up", '{"title": "Emma"}'))]
    ollama.queue = [
        Response(OLLAMA_NATIVE.tool_call_response(*steps)),
        Response(OLLAMA_NATIVE.response("Mist", "born")),
        Response.of_json(OLLAMA_NATIVE.plain("Emma")),
    ]
    (tmp_path / "program.py").write_text(PROGRAM)
    command = (environment / "python", "-W", "error", "program.py")
    shown = run(*command, folder=tmp_path, server=ollama)
    assert shown.splitlines() == ["Hm. Hello all about Emma 2", "Mistborn", "Emma"]
    assert [request.path for request in ollama.requests] == ["/api/chat"] * 3


def test_the_command_line_finds_an_installed_provider(
    environment: Path, ollama: Loopback, tmp_path: Path
) -> None:
    ollama.queue = [Response(OLLAMA_NATIVE.response("Mist", "born"))]
    command = (environment / "mirascope", "-m", "ollama-native:llama3.2", "Hi")
    assert run(*command, folder=tmp_path, server=ollama) == "Mistborn\n"
