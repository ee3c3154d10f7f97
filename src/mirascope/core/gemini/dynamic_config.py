"""The type of a prompt function's result that configures one call of a Gemini model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from google.genai import Client
from google.genai.types import ContentOrDict, PartDict
from typing_extensions import TypedDict

from mirascope.core._prompts.dynamic_config import DynamicConfigFull
from mirascope.core._prompts.message_param import UNCHANGED, BaseMessageParam
from mirascope.core.gemini.call_params import GeminiCallParams

GeminiMessageParam: TypeAlias = Annotated[ContentOrDict | BaseMessageParam, UNCHANGED]
"""A message in the SDK's form, or in the form that is the same for every provider."""


class _TextContent(TypedDict, total=False):
    """A content with plain text among its parts, as in the SDK before this one."""

    role: str
    parts: Sequence[str | PartDict]


class _Config(
    DynamicConfigFull[GeminiMessageParam | _TextContent, GeminiCallParams, Client], total=False
): ...


GeminiDynamicConfig: TypeAlias = _Config | None
"""The settings of one call of a function, sync or async: one client serves both."""
