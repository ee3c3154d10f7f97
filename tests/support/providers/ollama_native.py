"""The provider of ``examples/provider``, as the tests see it: a package that is installed."""

from __future__ import annotations

import atexit
import sys
import tempfile
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import httpx

from mirascope.core.providers import load_provider
from mirascope.testing import conformance
from support.cases import Case

EXAMPLE: Final = Path(__file__).parents[3] / "examples" / "provider"
_PROJECT: Final = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
_INSTALLED: Final = tempfile.TemporaryDirectory(prefix="mirascope-ollama")
atexit.register(_INSTALLED.cleanup)


def write_metadata(folder: Path, name: str, entry_points: dict[str, str]) -> None:
    """Write what an installed package has beside its modules, if it registers providers."""
    info = folder / f"{name.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    lines = "".join(f"{name} = {target}\n" for name, target in entry_points.items())
    (info / "entry_points.txt").write_text(f"[mirascope.providers]\n{lines}")


write_metadata(
    Path(_INSTALLED.name), _PROJECT["name"], _PROJECT["entry-points"]["mirascope.providers"]
)
PATHS: Final = [_INSTALLED.name, str(EXAMPLE)]
"""What the installation adds to where Python imports from."""
sys.path += [*PATHS, str(EXAMPLE / "tests")]

from test_mirascope_ollama import OLLAMA, chat, ended, line  # noqa: E402  # it is installed now

__all__ = ["EXAMPLE", "OLLAMA_NATIVE", "PATHS", "chat", "ended", "line", "write_metadata"]


def client_options(url: str, key: str, **options: Any) -> dict[str, Any]:
    return {"base_url": url, "headers": {"Authorization": f"Bearer {key}"}, **options}


_OWN: Final = {field.name: getattr(OLLAMA, field.name) for field in fields(conformance.Case)}

OLLAMA_NATIVE = Case(
    **_OWN
    | {
        "provider": load_provider("ollama-native"),
        "client": lambda url, key, **options: httpx.Client(**client_options(url, key, **options)),
        "async_client": lambda url, key, **options: httpx.AsyncClient(
            **client_options(url, key, **options)
        ),
    },
    reports_id=False,
    temperature_of=lambda body: body["options"]["temperature"],
    timeout=lambda seconds: {"timeout": seconds},
    expected=lambda reading: reading,
)
