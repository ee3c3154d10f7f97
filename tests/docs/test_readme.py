"""What the README claims and shows is so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.cases import without_keys

from mirascope import errors, local
from mirascope.testing import ScriptedProvider, call

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
SAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
QUICKSTART, TOOLS, GROWING, WHATEVER, HANDLING, RESTARTING = SAMPLES


@pytest.fixture(scope="module")
def model() -> Iterator[local.LocalServer]:
    with local.serve(context=256) as server:
        yield server


def run(code: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(code, "<the README>", "exec"), names)  # noqa: S102  # samples are to be run
    return names


def test_the_first_screen_is_short() -> None:
    lines = [line for line in QUICKSTART.splitlines() if line.strip()]
    assert len(lines) == 7
    assert README.index("```python") < 1_000


def test_the_samples_run_on_the_real_model(
    model: local.LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    short = QUICKSTART.replace("local.client()", "client")
    assert short != QUICKSTART
    with model.client() as client:
        names = run(short, {"client": client})
        assert len(capsys.readouterr().out.split()) > 3
        run(HANDLING, names)
    assert names["stream"].state == "finished"
    assert capsys.readouterr().out == names["stream"].content


def test_the_error_sample_reports_what_failed(
    model: local.LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with model.client().with_options(api_key="wrong", max_retries=0) as client:
        names = run(
            QUICKSTART.replace("local.client()", "client").split("\nfor ")[0], {"client": client}
        )
        run(HANDLING, names)
    out = capsys.readouterr().out
    assert re.search(r"401.*Retry: False\. Received: ''", out, re.DOTALL)
    assert "wrong" not in out


def test_the_sample_of_tools_prints_the_text_and_what_the_tool_gave(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("Let me see. ", tools=[call("get_author", title="The Name of the Wind")])
    run(TOOLS, {})
    reported = "{'title': 'The Name of the Wind'} -> Patrick Rothfuss\n"
    assert capsys.readouterr().out == "Let me see. " + reported


def test_the_sample_of_partial_models_prints_them(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    books = [{"title": "Emma", "author": "Austen"}, {"title": "Dune", "author": "Herbert"}]
    llm.reply(value=books, by=1)
    llm.reply(value=books, by=1)
    run("from mirascope.core import openai\n" + GROWING, {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[-2:] == ["Emma", "Dune"]
    assert "[PartialBook(title='Em')]" in printed
    whole = "[Book(title='Emma', author='Austen'), Book(title='Dune', author='Herbert')]"
    assert printed[-3] == whole


def test_the_provider_agnostic_sample_calls_another_provider(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.reply("Emma", by=2)
    run(WHATEVER, {})
    assert capsys.readouterr().out == "Emma"
    assert (llm.requests[0].provider, llm.requests[0].model) == ("anthropic", "claude-haiku-4-5")


def test_the_sample_of_a_restart_reports_it(
    llm: ScriptedProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    llm.cut(after="Rivers ar")
    llm.reply("Rivers carry.")
    run("from mirascope.core import openai\n" + RESTARTING, {})
    out = capsys.readouterr().out
    assert re.fullmatch(r"Rivers ar\n.+ From the beginning:\nRivers carry\.", out)


def test_ci_runs_the_test_command() -> None:
    (tests,) = [command for command in SHELL if "nox" in command]
    found = subprocess.run(
        ["bash", "-c", r"grep -m 1 '/nox$' README.md"],  # noqa: S607  # as .ci/run does
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == tests
    assert "grep -m 1 '/nox$' README.md" in (ROOT / ".ci" / "run").read_text()


def test_the_first_command_streams_from_the_real_model_in_a_fresh_copy(tmp_path: Path) -> None:
    project = tmp_path / "project"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "bench", "tests")
    shutil.copytree(ROOT, project, ignore=ignored)
    command = SHELL[0].replace("python3", sys.executable, 1)
    done = subprocess.run(
        ["bash", "-c", command.strip() + " --max-tokens 20 --stats"],  # noqa: S607
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env=without_keys(),
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) > 3
    assert "first token after" in done.stderr


def test_every_error_has_the_attributes_that_the_readme_lists() -> None:
    reported = re.search(r"An error has (.*?), the partial response", README, re.DOTALL)
    assert reported is not None
    names = re.findall(r"`(\w+)`", reported[1])
    assert len(names) == 6
    assert all(hasattr(errors.StreamError(), name) for name in names)


def test_importing_loads_no_sdk() -> None:
    code = "import sys, mirascope; print([m for m in sys.modules if m in {'openai', 'pydantic'}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
