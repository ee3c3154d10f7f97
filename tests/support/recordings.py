"""Recorded responses of real servers, kept beside the project and never inside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "shared" / "recordings"


@dataclass(frozen=True)
class Recording:
    """One recorded response, and the official SDK's own reading of it."""

    path: Path

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @cached_property
    def body(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def expected(self) -> dict[str, Any]:
        return json.loads(self.path.with_suffix(".expected.json").read_text())

    @cached_property
    def status(self) -> int:
        return json.loads(self.path.with_suffix(".json").read_text())["http_status"]


def recordings(*providers: str) -> list[Recording]:
    """Return all recordings of some providers; none where the folder is absent."""
    return [Recording(path) for name in providers for path in sorted((FOLDER / name).glob("*.sse"))]
