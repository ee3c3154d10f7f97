"""The reference has every public name."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import mirascope

DOCS = Path(__file__).parents[2] / "docs"
PAGES = "\n".join(page.read_text() for page in sorted((DOCS / "reference").rglob("*.md")))
DIRECTIVES = re.findall(r"^::: (mirascope[\w.]*)$", PAGES, re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)` \| \[`\w+`\]\[([\w.]+)\] \|$", re.MULTILINE)

# Names that a page explains in a sentence.
IN_SENTENCES = {"mirascope.__version__"}


def public_modules() -> list[str]:
    found = pkgutil.walk_packages(mirascope.__path__, "mirascope.")
    names = [module.name for module in found if "._" not in module.name]
    return ["mirascope", *names]


def resolve(path: str) -> object:
    """Return what a path names."""
    found: object = importlib.import_module("mirascope")
    for name in path.split(".")[1:]:
        if name == "call" and path == "mirascope.core.providers.Call.call":
            name = "__call__"  # noqa: PLW2901  # which website/links.py shows as `call`
        if isinstance(found, ModuleType) and name not in dir(found):
            found = importlib.import_module(f"{found.__name__}.{name}")
        else:
            found = getattr(found, name)
    return found


def documented() -> list[object]:
    """Return all that the pages show."""
    found: list[object] = []
    for path in DIRECTIVES:
        shown = resolve(path)
        found.append(shown)
        if isinstance(shown, ModuleType):
            found += [getattr(shown, name) for name in public(shown)]
    return found


def public(module: ModuleType) -> list[str]:
    own = (
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    )
    return list(getattr(module, "__all__", own))


SHOWN = documented()


@pytest.mark.parametrize("name", public_modules())
def test_every_public_name_is_in_the_reference(name: str) -> None:
    module = importlib.import_module(name)
    missing = [
        each
        for each in getattr(module, "__all__", ())
        if f"{name}.{each}" not in IN_SENTENCES
        and not isinstance(value := getattr(module, each), ModuleType)
        and not any(value is shown or value == shown for shown in SHOWN)
    ]
    assert missing == []


def test_the_tables_of_other_names_are_true() -> None:
    rows = 0
    for page in (DOCS / "reference" / "providers").glob("*.md"):
        sections = re.findall(
            r"#(mirascope\.core\.\w+) \}\n(.*?)(?=\n#|\Z)", page.read_text(), re.DOTALL
        )
        for module, text in sections:
            for name, other in ROW.findall(text):
                assert resolve(f"{module}.{name}") == resolve(other), name
                rows += 1
    assert rows > 40
