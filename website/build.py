"""Build the site: ``nox -s docs``.

Any warning of the generator, or of what reads the docstrings, fails the build.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path

import llms
import pages
from zensical.main import cli

ROOT = Path(__file__).parents[1]


class Warnings(logging.Handler):
    """Keeps the warnings of the libraries that the generator calls."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning."""
        self.messages.append(f"{record.name}: {record.getMessage()}")


def leave_bare_names_out(index: Path) -> None:
    """Leave names without a description out of the search: they hide the pages that explain."""
    found = json.loads(index.read_text())
    bare = re.compile(r"\s*<pre><code>[^<]*</code></pre>\s*")
    found["items"] = [each for each in found["items"] if not bare.fullmatch(each["text"])]
    index.write_text(json.dumps(found))


def build() -> None:
    """Build the site, and exit with an error if anything is wrong."""
    prepared = pages.prepare(ROOT)
    warnings = Warnings()
    logging.getLogger().addHandler(warnings)
    cli(["build", "--strict", "--clean"], standalone_mode=False)
    if warnings.messages:
        sys.exit("\n".join(warnings.messages))
    leave_bare_names_out(ROOT / "site" / "search.json")
    llms.write(ROOT / "mkdocs.yml", prepared, ROOT / "site")


if __name__ == "__main__":
    build()
