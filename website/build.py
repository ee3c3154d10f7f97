"""Build the site: ``python website/build.py``, or ``serve`` to see it change while you write.

Any warning of the generator, or of what reads the docstrings, fails the build.
"""

from __future__ import annotations

import logging
import sys

from zensical.main import cli


class Warnings(logging.Handler):
    """Remembers the warnings of the libraries that the generator calls."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {record.getMessage()}")


def build() -> None:
    warnings = Warnings()
    logging.getLogger().addHandler(warnings)
    cli(["build", "--strict", "--clean"], standalone_mode=False)
    if warnings.messages:
        sys.exit("\n".join(warnings.messages))


if __name__ == "__main__":
    build()
