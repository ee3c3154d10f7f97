"""Text of models as text that a terminal shows and never obeys."""

from __future__ import annotations

import re
from typing import Final

from mirascope.core._wire.json_text import without_surrogates

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters but for tab, line feed and carriage return; escape sequences begin with one.

They have no meaning in the text of a model, and could retitle a terminal or hide what it shows.
"""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    r"""Return a text without control characters, and without halves of characters.

    >>> clean("a\x1b[2Jb \ud83d\ude00 \ud83d")
    'a[2Jb 😀 �'
    """
    if text.isprintable():
        return text
    if _SURROGATE.search(text):
        text = without_surrogates(text)
    return _CONTROL.sub("", text)
