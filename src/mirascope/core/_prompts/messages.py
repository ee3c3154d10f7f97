"""Shorthands for messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from mirascope.core._prompts.media import Media, Piece, part_of
from mirascope.core._prompts.message_param import BaseMessageParam, Message, Part

Content: TypeAlias = Piece | Sequence[Piece]
"""The accepted content of a message."""


class Messages:
    """Creates messages, with one method for each role.

    The content is a text, a part such as `ImagePart`, a media object (of Pillow or pydub), or a
    list of these.

    Example:
        >>> Messages.User("Recommend a fantasy book")
        BaseMessageParam(role='user', content='Recommend a fantasy book')
        >>> from mirascope.core import openai
        >>> @openai.call("gpt-4o-mini", stream=True)
        ... def recommend_book(genre: str) -> Messages.Type:
        ...     return [
        ...         Messages.System("You are a librarian."),
        ...         Messages.User(f"Recommend a {genre} book"),
        ...     ]
    """

    Type: TypeAlias = Content | Sequence[Message] | BaseMessageParam
    """The return type of a prompt function."""

    @staticmethod
    def System(content: Content) -> BaseMessageParam:  # noqa: N802
        """Return a system message."""
        return _message("system", content)

    @staticmethod
    def User(content: Content) -> BaseMessageParam:  # noqa: N802
        """Return a user message."""
        return _message("user", content)

    @staticmethod
    def Assistant(content: Content) -> BaseMessageParam:  # noqa: N802
        """Return an assistant message."""
        return _message("assistant", content)


def _message(role: str, content: Content) -> BaseMessageParam:
    if isinstance(content, str):
        return BaseMessageParam(role=role, content=content)
    pieces = [content] if isinstance(content, Part | Media) else content
    return BaseMessageParam(role=role, content=[part_of(piece) for piece in pieces])
