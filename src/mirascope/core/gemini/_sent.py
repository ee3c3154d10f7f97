"""A request as the SDK is quick to read it.

Of each field of a model, the SDK asks whether its name is among the model's items, and then reads
it as an attribute. It never is among them, as an item is a name with its value; but pydantic would
list all items each time. And a content in a list that is an object the SDK tries as a file and as a
part first, which a mapping spares it. Together that was a third of what a short call took.

Ids of tool calls that Gemini did not give are not sent to it: without them it matches results to
calls by name and order, and not all of its servers know the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from google.genai.types import Content, GenerateContentConfig, Part
from pydantic import BaseModel

from mirascope.core._wire.events import MADE_ID

ModelT = TypeVar("ModelT", bound=BaseModel)


class _WithoutNames:
    def __contains__(self, name: object) -> bool:
        return False


class _Part(_WithoutNames, Part): ...


class _Config(_WithoutNames, GenerateContentConfig): ...


def sent(arguments: Mapping[str, object]) -> dict[str, object]:
    """Return arguments as the SDK takes them; a content by itself may be an object."""
    contents = [_content(content) for content in cast("list[Content]", arguments["messages"])]
    return {
        **{name: value for name, value in arguments.items() if name != "messages"},
        "contents": contents[0] if len(contents) == 1 else [dict(each) for each in contents],
        "config": _as(_Config, cast("GenerateContentConfig", arguments["config"])),
    }


def _content(content: Content) -> Content:
    parts = content.parts and [_as(_Part, _without_made_id(part)) for part in content.parts]
    return Content.model_construct(role=content.role, parts=parts)


def _without_made_id(part: Part) -> Part:
    for name in ("function_call", "function_response"):
        call = getattr(part, name)
        if call is not None and call.id and MADE_ID.fullmatch(call.id):
            return part.model_copy(update={name: call.model_copy(update={"id": None})})
    return part


def _as(kind: type[ModelT], model: BaseModel) -> ModelT:
    """Return a model with the same fields, which were validated before."""
    return kind.model_construct(model.model_fields_set, **vars(model))
