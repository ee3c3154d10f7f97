"""Values as tables and trees, for a terminal and for a notebook alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, cast

from pydantic import BaseModel
from pydantic_core import to_json

from mirascope.core._wire.json_text import from_text
from mirascope.show._clean import clean

_ELLIPSIS: Final = "…"
_MAX_CHARACTERS: Final = 2_000
"""How much of a text is shown while it grows: its end."""


class Grid(NamedTuple):
    """A table.

    Attributes:
        columns: The heads of the columns.
        rows: The cells of the rows.
        omitted: The number of rows before those.
    """

    columns: list[str]
    rows: list[list[str]]
    omitted: int = 0


class Node(NamedTuple):
    """An entry of a tree: a name with a text, or with entries below it."""

    name: str
    text: str
    children: list[Node]


Shape: TypeAlias = Grid | list[Node]


def shape_of(value: object, *, at_most: int | None = None) -> Shape:
    """Return the shape of a value: a table for a list of models, else a tree.

    Args:
        value: The value, which may be partial.
        at_most: How many elements of a list are shown, the last ones, and no more than the end of a
            long text; ``None`` for all.
    """
    return _grid(value, at_most) or _nodes(value, at_most)


def _grid(value: object, at_most: int | None) -> Grid | None:
    """Return the table for a list of models, ``None`` for anything else."""
    if not isinstance(value, list | tuple):
        return None
    elements = cast("Sequence[object]", value)
    shown = elements if at_most is None else elements[-at_most:]
    if not shown or not all(isinstance(element, BaseModel) for element in shown):
        return None
    columns = list(type(cast("BaseModel", shown[0])).model_fields)
    fields = [dict(_fields(element)) for element in shown]
    rows = [[_cell(each.get(name, ""), at_most) for name in columns] for each in fields]
    return Grid([clean(name) for name in columns], rows, len(elements) - len(shown))


def arguments_shape(text: str, *, at_most: int | None = None) -> Shape:
    """Return the shape of a tool's arguments, from as much of their JSON as was received."""
    try:
        arguments = from_text(text, allow_partial="trailing-strings") if text else {}
    except (ValueError, RecursionError):
        return [Node("", clean(text), [])]
    return shape_of(arguments, at_most=at_most)


def _nodes(value: object, at_most: int | None) -> list[Node]:
    if isinstance(value, BaseModel | Mapping):
        return [_node(name, each, at_most) for name, each in _fields(cast("object", value))]
    if isinstance(value, list | tuple):
        elements = cast("Sequence[object]", value)
        start = 0 if at_most is None else max(0, len(elements) - at_most)
        above = [Node("", _ELLIPSIS, [])] if start else []
        return above + [_node("•", each, at_most) for each in elements[start:]]
    return [] if value is None else [Node("", _cell(value, at_most), [])]


def _node(name: str, value: object, at_most: int | None) -> Node:
    if isinstance(value, BaseModel | Mapping | list | tuple):
        return Node(clean(name), "", _nodes(cast("object", value), at_most))
    return Node(clean(name), _cell(value, at_most), [])


def _fields(value: object) -> Iterator[tuple[str, object]]:
    """Yield the fields of a model that were received, or the items of a mapping."""
    if isinstance(value, BaseModel):
        names = type(value).model_fields
        received = value.model_fields_set
        yield from ((name, getattr(value, name)) for name in names if name in received)
    else:
        yield from (
            (str(key), each) for key, each in cast("Mapping[object, object]", value).items()
        )


def _cell(value: object, at_most: int | None) -> str:
    text = value if isinstance(value, str) else to_json(value, fallback=str).decode()
    if at_most is not None and len(text) > _MAX_CHARACTERS:
        text = _ELLIPSIS + text[-_MAX_CHARACTERS:]
    return clean(text)
