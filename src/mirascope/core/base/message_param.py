"""Messages and their parts, the same for every provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel


class TextPart(BaseModel):
    """A part of a message that is text."""

    type: Literal["text"] = "text"
    text: str


class BaseMessageParam(BaseModel):
    """One message of a prompt.

    Attributes:
        role: ``"system"``, ``"user"`` or ``"assistant"``.
        content: The text, or the parts that the message consists of.
    """

    role: str
    content: str | Sequence[TextPart]
