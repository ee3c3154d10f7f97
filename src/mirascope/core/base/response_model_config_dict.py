"""The configuration of a response model."""

from __future__ import annotations

from pydantic import ConfigDict


class ResponseModelConfigDict(ConfigDict, total=False):
    """Pydantic's configuration for a response model.

    With ``strict``, the provider enforces the schema too.

    Example:
        >>> from pydantic import BaseModel
        >>> class Book(BaseModel):
        ...     model_config = ResponseModelConfigDict(strict=True)
        ...     title: str
    """
