"""What the pages of the providers name is there: variables, parameters and pages."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from mirascope.core._calls.call_params import CommonCallParams
from mirascope.core.providers import load_provider

FOLDER = Path(__file__).parents[2] / "docs" / "providers"
NAMES = {
    "anthropic": "Anthropic",
    "azure": "Azure",
    "bedrock": "Bedrock",
    "cohere": "Cohere",
    "gemini": "Gemini",
    "groq": "Groq",
    "mistral": "Mistral",
    "openai": "OpenAI",
    "openai_responses": "OpenAIResponses",
    "vertex": "Vertex",
}
"""The providers with a page, and how the names of their classes begin."""


def page(provider: str) -> str:
    return (FOLDER / f"{provider.replace('_', '-')}.md").read_text()


def section(text: str, title: str) -> str:
    """Return a section of a page."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("provider", NAMES)
def test_a_page_names_variables_of_the_default_clients(provider: str) -> None:
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", section(page(provider), "Install")))
    assert named
    assert named <= {*load_provider(provider).clients._env}


@pytest.mark.parametrize("provider", NAMES)
def test_a_page_names_parameters_of_the_call(provider: str) -> None:
    module: Any = import_module(f"mirascope.core.{provider}")
    known = get_type_hints(getattr(module, f"{NAMES[provider]}CallParams")).keys()
    rows = re.findall(r"^\| (`.*?) \|", section(page(provider), "Parameters"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named <= {*known, *CommonCallParams.__annotations__}


@pytest.mark.parametrize("provider", NAMES)
def test_the_pages_have_one_shape(provider: str) -> None:
    titles = re.findall(r"^## (.+)$", page(provider), re.MULTILINE)
    assert titles[:4] == ["Install", "Your first stream", "Models and clients", "What it streams"]
    assert titles[-2:] == ["Parameters", "More"]
    assert "What to know" in titles


def test_the_page_about_providers_has_the_code_of_the_example() -> None:
    example = FOLDER.parents[1] / "examples" / "provider" / "mirascope_ollama.py"
    code = example.read_text()
    page, _, _ = (FOLDER / "writing-a-provider.md").read_text().partition("\n## Use it\n")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert all(block in code for block in blocks)
    assert "".join("".join(blocks).split()) == "".join(code[code.index("import os") :].split())


def test_the_index_links_every_page() -> None:
    pages = {path.name for path in FOLDER.glob("*.md")} - {"index.md"}
    assert pages == set(re.findall(r"\]\((\w[\w-]*\.md)", (FOLDER / "index.md").read_text()))
