"""Text of models as text that a terminal shows and never obeys."""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters but for tab, line feed and carriage return; escape sequences begin with one.

They have no meaning in the text of a model, and could retitle a terminal or hide what it shows.
"""


def clean(text: str) -> str:
    """Return a text without control characters."""
    return text if text.isprintable() else _CONTROL.sub("", text)
