"""The programs of the first page run on the local model too."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.cases import without_keys
from support.samples import FILE

from mirascope import local

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "index.md").read_text()
PROGRAMS = [code for *_, code in re.findall(rf"```{FILE.pattern}\n(.*?)```", PAGE, re.DOTALL)]


@pytest.fixture(scope="module")
def server() -> Iterator[local.LocalServer]:
    with local.serve(context=256) as server:
        yield server


def run(program: str, variables: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=without_keys() | variables,
    )
    return done.stdout


def test_the_first_program_runs_without_a_key() -> None:
    assert len(run(PROGRAMS[0], {}).split()) > 3


@pytest.mark.parametrize("program", PROGRAMS[1:], ids=["openai", "anthropic"])
def test_the_programs_for_providers_run_on_the_local_model(
    program: str, server: local.LocalServer
) -> None:
    variables = {
        "OPENAI_API_KEY": server.api_key,
        "OPENAI_BASE_URL": server.base_url,
        "ANTHROPIC_API_KEY": server.api_key,
        "ANTHROPIC_BASE_URL": server.anthropic_base_url,
    }
    assert len(run(program, variables).split()) > 3
