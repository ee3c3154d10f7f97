"""Small types that several modules share."""

from __future__ import annotations

from typing import Literal, TypeAlias

StreamState: TypeAlias = Literal["pending", "open", "finished", "truncated", "closed", "failed"]
"""Where a stream is: not begun; being read; ended by itself; cut off though the connection ended
in good order; closed by the user; ended by an error."""
