"""Fields of a response model that come from the call."""

from __future__ import annotations

from pydantic.fields import FieldInfo


class FromCallArgs:
    """Marks a field of a response model whose value is the call's argument with the same name.

    The model does not see the field: it is not in the schema.

    Example:
        >>> from typing import Annotated
        >>> from pydantic import BaseModel
        >>> class Book(BaseModel):
        ...     title: str
        ...     genre: Annotated[str, FromCallArgs()]
    """


def is_from_call_args(field: FieldInfo) -> bool:
    """Return whether a field of a response model comes from the call's arguments."""
    return any(isinstance(marker, FromCallArgs) for marker in field.metadata)
