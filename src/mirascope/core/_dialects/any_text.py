"""Recognizes JSON that differs from other JSON only in a text, in one comparison.

Almost all records of a stream add nothing but a text to the message. Their other fields repeat, so
a decoder compares each record with the one before, in which `AnyText` has replaced the text.
"""

from __future__ import annotations

from typing_extensions import override


class AnyText:  # noqa: PLW1641  # it is no key of a dictionary
    """Equals any text that is not empty, and keeps the newest.

    Attributes:
        found: The text that it was last compared with.

    Example:
        >>> text = AnyText()
        >>> {"index": 0, "delta": {"content": "Hi"}} == {"index": 0, "delta": {"content": text}}
        True
        >>> text.found
        'Hi'
    """

    __slots__ = ("found",)

    found: str

    @override
    def __eq__(self, other: object) -> bool:
        if isinstance(other, str) and other:
            self.found = other
            return True
        return False
