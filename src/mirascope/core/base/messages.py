"""Shorthands for messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from pydantic import BaseModel

from mirascope.core.base.message_param import BaseMessageParam, Part, TextPart

Content: TypeAlias = str | Part | Sequence[str | Part]
"""What a message can be made of."""


class Messages:
    """Makes messages, one role a method.

    Example:
        >>> Messages.User("Recommend a fantasy book").role
        'user'
    """

    Type: TypeAlias = str | Sequence[str | Part] | Sequence[BaseMessageParam] | BaseMessageParam
    """What a prompt function may return."""

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
    parts = [content] if isinstance(content, BaseModel) else content
    return BaseMessageParam(
        role=role,
        content=[TextPart(text=part) if isinstance(part, str) else part for part in parts],
    )
