"""The test kit in a project of somebody's: our wheel, and pytest in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.cases import without_keys
from support.everywhere import EVERYWHERE

from mirascope.core._calls.servers import SERVERS
from mirascope.testing._formats import FORMATS

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "examples" / "testing"
WORD = 'PROVIDER = "openai"'

UNWRITTEN = """
import pytest
from mirascope.core import openai

@openai.call("a-model")
def recommend(genre: str) -> str:
    return f"Recommend a {genre} book"

def test_an_error_is_swallowed(llm):
    try:
        recommend("fantasy")
    except Exception:
        pass

def test_an_error_is_raised(llm):
    recommend("witty")

def test_nothing_is_wrong(llm):
    llm.reply("Emma")
    assert recommend("witty").content == "Emma"
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which our wheel is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, ROOT], check=True)
    (built,) = folder.glob("*.whl")
    target = folder / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, built], check=True)
    return target


def run(project: Path, wheel: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a project that has our wheel installed, and no key."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    environment = {**without_keys(), "PYTHONPATH": str(wheel)}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        command, cwd=project, env=environment, check=False, capture_output=True, text=True
    )


def test_the_wheel_has_the_skill_for_agents(wheel: Path) -> None:
    skill = wheel / "mirascope" / ".agents" / "skills" / "mirascope" / "SKILL.md"
    assert "name: mirascope" in skill.read_text()


def test_a_project_is_tested_with_each_provider(tmp_path: Path, wheel: Path) -> None:
    tests = (PROJECT / "test_librarian.py").read_text()
    assert len(tests.splitlines()) < 60
    program = (PROJECT / "librarian.py").read_text()
    assert WORD in program

    def tested(provider: str) -> subprocess.CompletedProcess[str]:
        project = tmp_path / provider
        project.mkdir()
        (project / "test_librarian.py").write_text(tests)
        (project / "librarian.py").write_text(program.replace(WORD, f'PROVIDER = "{provider}"'))
        where = "import mirascope\n\ndef pytest_report_header():\n    return mirascope.__file__\n"
        (project / "conftest.py").write_text(where)
        return run(project, wheel)

    own = FORMATS.keys() - SERVERS.keys() if EVERYWHERE else {"anthropic", "bedrock"}
    providers = [*own, "xai"]  # one of those servers for all
    with ThreadPoolExecutor(2) as pool:
        for provider, done in zip(providers, pool.map(tested, providers), strict=True):
            assert done.returncode == 0, (provider, done.stdout, done.stderr)
            assert "4 passed" in done.stdout
            assert os.fspath(wheel) in done.stdout


def test_a_request_that_no_reply_was_written_for_fails_the_test(
    tmp_path: Path, wheel: Path
) -> None:
    (tmp_path / "test_it.py").write_text(UNWRITTEN)
    done = run(tmp_path, wheel)
    assert "2 failed, 1 passed" in done.stdout
    assert "UnexpectedRequestError: no reply was written for:" in done.stdout
    assert "openai 'a-model', plain, user: 'Recommend a fantasy book'" in done.stdout
    assert "openai 'a-model', plain, user: 'Recommend a witty book'" in done.stdout


def test_pytest_explains_the_fixture(tmp_path: Path, wheel: Path) -> None:
    shown = run(tmp_path, wheel, "--fixtures").stdout
    assert "llm -- " in shown
    assert "A provider whose replies the test writes" in shown
    assert "llm.requests" in shown
