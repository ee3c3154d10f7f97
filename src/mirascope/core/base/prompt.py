"""Prompts as classes and as templates of functions."""

from mirascope.core._prompts.metadata import metadata
from mirascope.core._prompts.prompt import SUPPORTED_MESSAGE_ROLES, BasePrompt, prompt_template

__all__ = ["SUPPORTED_MESSAGE_ROLES", "BasePrompt", "metadata", "prompt_template"]
