"""The stores by name."""

from __future__ import annotations

from typing_extensions import Unpack

from mirascope.resume._memory import MemoryLog
from mirascope.resume._store import Settings, Store


class Memory(Store):
    """Logs in the memory of this process: for tests, and where there is one process.

    Args:
        settings: See `Settings`.
    """

    def __init__(self, **settings: Unpack[Settings]) -> None:
        super().__init__(MemoryLog, **settings)
