"""A place to import from in which no package is but what `import mirascope` needs itself.

With ``python -S``, this is how a machine looks on which an extra is not installed.
"""

from __future__ import annotations

from pathlib import Path

import pydantic_core
import typing_extensions

import mirascope

SOURCES = str(Path(mirascope.__file__).parents[1])


def base_install(folder: Path) -> str:
    """Return a ``PYTHONPATH`` with our sources and links to those packages in a folder."""
    for installed in (Path(pydantic_core.__file__).parent, Path(typing_extensions.__file__)):
        (folder / installed.name).symlink_to(installed)
    return f"{SOURCES}:{folder}"
