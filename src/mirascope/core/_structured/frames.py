"""The arrays and objects of a JSON document that are open."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from pydantic import ValidationError
from typing_extensions import override

from mirascope.core._structured.plans import ABSENT, ANYTHING, IGNORED, Growth, Plan
from mirascope.core._wire.events import JSON

VALUE: Final = '"{[-0123456789tfnNI'
"""The characters that a value may begin with."""


class Frame(ABC):
    """An array or object that is open.

    Args:
        plan: The plan of the place where it stands.
        growth: How it is shown; ``None`` if it is not, or not yet.
        received: Its JSON, decoded.
        parts: What is in it, validated.

    Attributes:
        field: The name of the field that is open.
        first: The characters that may follow the opening bracket.
        after_comma: The characters that may follow a comma.
        after_value: The characters that may follow a value.
    """

    growth: Growth | None
    field: object = ""
    first: str
    after_comma: str
    after_value: str
    _blank: object = ABSENT
    _has_parts = True

    def __init__(self, plan: Plan, growth: Growth | None, received: JSON, parts: object) -> None:
        self.plan = plan
        self.growth = growth
        self.received = received
        self._parts = parts

    @property
    def next_plan(self) -> Plan:
        """The plan of the element that comes next."""
        return IGNORED

    @property
    def parts(self) -> object:
        """What is in it, validated; absent if that may not stand for its JSON."""
        return self._parts if self.growth and self._has_parts else ABSENT

    def add(self, plan: Plan, received: JSON, found: object, before: object) -> bool:
        """Add a complete value, and return whether what is shown changes.

        Args:
            plan: The plan of the place where it stands.
            received: Its JSON, decoded.
            found: The value, validated; else the error.
            before: What has been shown of it.
        """
        is_valid = not isinstance(found, ValidationError)
        self._has_parts = self._has_parts and is_valid and plan.is_idempotent
        value = ABSENT if plan is IGNORED else found if is_valid else before
        self._put(received, value)
        return value is not ABSENT and differs(self._blank if before is ABSENT else before, value)

    @abstractmethod
    def _put(self, received: JSON, value: object) -> None: ...

    @abstractmethod
    def show(self, child: object = ABSENT) -> object:
        """Return the partial value, with that of the value in it that is open."""


class Array(Frame):
    """An array that is open."""

    first = VALUE + "]"
    after_comma = VALUE
    after_value = ",]"

    def __init__(self, plan: Plan) -> None:
        self._elements: list[object] = []
        self._array: list[JSON] = []
        super().__init__(plan, plan.array, self._array, self._elements)

    @property
    @override
    def next_plan(self) -> Plan:
        if self.growth is None:
            return IGNORED
        first, at = self.growth.first, len(self._array)
        return first[at] if at < len(first) else self.growth.rest

    @override
    def _put(self, received: JSON, value: object) -> None:
        self._array.append(received)
        if value is not ABSENT:
            self._elements.append(value)

    @override
    def show(self, child: object = ABSENT) -> object:
        elements = [*self._elements] if child is ABSENT else [*self._elements, child]
        return self.growth.show(elements) if self.growth else ABSENT


class Object(Frame):
    """An object that is open. While it may become one of several models, it is not shown."""

    first = '"}'
    after_comma = '"'
    after_value = ",}"

    def __init__(self, plan: Plan) -> None:
        self._object: dict[str, JSON] = {}
        self._fields: dict[object, object] = {}
        self._fields_by_key: dict[str, object] = {}
        self._growths = plan.objects
        growth = self._growths[0] if len(self._growths) == 1 else None
        super().__init__(plan, growth, self._object, self._fields_by_key)
        self._key = ""

    def plan_of(self, key: str) -> Plan:
        """Return the plan of the value with that key, which comes next."""
        self._key, self._blank = key, ABSENT
        self.field, plan = self._field_of(key)
        if plan is IGNORED or plan is ANYTHING:  # so that pydantic reads the JSON of it
            self._has_parts = False
        if plan is not IGNORED:
            self._fields.pop(self.field, None)
        return plan

    def _field_of(self, key: str) -> tuple[object, Plan]:
        growth = self.growth
        if growth is None:
            return key, IGNORED
        if growth.model is None:
            name = growth.keys.validate(key)
            return (key, IGNORED) if isinstance(name, ValidationError) else (name, growth.rest)
        if key in growth.model.fields:
            self._blank = None
            return growth.model.fields[key]
        return key, ANYTHING if growth.model.shows_extra(key) else IGNORED

    @override
    def add(self, plan: Plan, received: JSON, found: object, before: object) -> bool:
        if self.growth or not self._growths:
            return super().add(plan, received, found, before)
        self._object[self._key] = received
        self._growths = [
            growth
            for growth in self._growths
            if growth.model and growth.model.admits(self._key, received)
        ]
        if len(self._growths) != 1:
            return False
        self.growth = self._growths[0]
        for key, value in [*self._object.items()]:
            plan = self.plan_of(key)
            shown = plan.text.show(value) if plan.text and isinstance(value, str) else ABSENT
            super().add(plan, value, plan.validate(value), shown)
        return True

    @override
    def _put(self, received: JSON, value: object) -> None:
        self._object[self._key] = received
        if value is not ABSENT:
            self._fields[self.field] = self._fields_by_key[self._key] = value

    @override
    def show(self, child: object = ABSENT) -> object:
        fields = {**self._fields} if child is ABSENT else {**self._fields, self.field: child}
        return self.growth.show(fields) if self.growth else ABSENT


def differs(before: object, after: object) -> bool:
    """Return whether a value is another, or of another type."""
    return before is not after and (type(before) is not type(after) or before != after)
