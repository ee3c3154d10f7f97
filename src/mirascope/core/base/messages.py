"""Constructors of messages by role."""

from mirascope.core._prompts.messages import Messages

__all__ = ["Messages"]
