"""Parser frames: the open arrays and objects of a JSON document."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from pydantic import ValidationError
from typing_extensions import override

from mirascope.core._structured.plans import ABSENT, ANYTHING, IGNORED, PartialSchema, Plan
from mirascope.core._wire.events import JSON

VALUE: Final = '"{[-0123456789tfnNI'
"""The valid first characters of a value."""


class Frame(ABC):
    """An open array or object.

    Args:
        plan: The plan of its position.
        schema: How its partial value is built; ``None`` if it has none, or not yet.
        received: The received JSON, decoded.
        parts: The validated values in it.

    Attributes:
        field: The name of the open field.
        first: The valid characters after the opening bracket.
        after_comma: The valid characters after a comma.
        after_value: The valid characters after a value.
    """

    schema: PartialSchema | None
    field: object = ""
    first: str
    after_comma: str
    after_value: str
    _default: object = ABSENT
    _has_parts = True

    def __init__(
        self, plan: Plan, schema: PartialSchema | None, received: JSON, parts: object
    ) -> None:
        self.plan = plan
        self.schema = schema
        self.received = received
        self._parts = parts

    @property
    def element_plan(self) -> Plan:
        """The plan of the next element."""
        return IGNORED

    @property
    def parts(self) -> object:
        """The validated values in it; absent if they must not replace the JSON in validation."""
        return self._parts if self.schema and self._has_parts else ABSENT

    def add(self, plan: Plan, received: JSON, result: object, previous: object) -> bool:
        """Add a complete value, and return whether the partial value changes.

        Args:
            plan: The plan of the value's position.
            received: Its JSON, decoded.
            result: The validated value, or the error.
            previous: The value's last partial value.
        """
        is_valid = not isinstance(result, ValidationError)
        self._has_parts = self._has_parts and is_valid and plan.is_idempotent
        value = ABSENT if plan is IGNORED else result if is_valid else previous
        self._put(received, value)
        if previous is ABSENT:
            previous = self._default
        return value is not ABSENT and differs(previous, value)

    @abstractmethod
    def _put(self, received: JSON, value: object) -> None: ...

    @abstractmethod
    def build(self, child: object = ABSENT) -> object:
        """Return the partial value, including the partial value of the open child."""


class Array(Frame):
    """An open array."""

    first = VALUE + "]"
    after_comma = VALUE
    after_value = ",]"

    def __init__(self, plan: Plan) -> None:
        self._elements: list[object] = []
        self._array: list[JSON] = []
        super().__init__(plan, plan.array, self._array, self._elements)

    @property
    @override
    def element_plan(self) -> Plan:
        if self.schema is None:
            return IGNORED
        prefix, index = self.schema.prefix_items, len(self._array)
        return prefix[index] if index < len(prefix) else self.schema.items

    @override
    def _put(self, received: JSON, value: object) -> None:
        self._array.append(received)
        if value is not ABSENT:
            self._elements.append(value)

    @override
    def build(self, child: object = ABSENT) -> object:
        elements = [*self._elements] if child is ABSENT else [*self._elements, child]
        return self.schema.build(elements) if self.schema else ABSENT


class Object(Frame):
    """An open object. It has no partial value while several models are candidates."""

    first = '"}'
    after_comma = '"'
    after_value = ",}"

    def __init__(self, plan: Plan) -> None:
        self._object: dict[str, JSON] = {}
        self._fields: dict[object, object] = {}
        self._fields_by_key: dict[str, object] = {}
        self._candidates = plan.objects
        schema = self._candidates[0] if len(self._candidates) == 1 else None
        super().__init__(plan, schema, self._object, self._fields_by_key)
        self._key = ""

    def start_field(self, key: str) -> Plan:
        """Set the key of the next value, and return the value's plan."""
        self._key, self._default = key, ABSENT
        self.field, plan = self._field_of(key)
        if plan is IGNORED or plan is ANYTHING:  # pydantic validates its JSON with the whole
            self._has_parts = False
        if plan is not IGNORED:
            self._fields.pop(self.field, None)
        return plan

    def _field_of(self, key: str) -> tuple[object, Plan]:
        schema = self.schema
        if schema is None:
            return key, IGNORED
        if schema.model is None:
            name = schema.keys.validate(key)
            return (key, IGNORED) if isinstance(name, ValidationError) else (name, schema.items)
        if key in schema.model.fields:
            self._default = None
            return schema.model.fields[key]
        return key, ANYTHING if schema.model.keeps_key(key) else IGNORED

    @override
    def add(self, plan: Plan, received: JSON, result: object, previous: object) -> bool:
        if self.schema or not self._candidates:
            return super().add(plan, received, result, previous)
        self._object[self._key] = received
        self._candidates = [
            schema
            for schema in self._candidates
            if schema.model and schema.model.admits(self._key, received)
        ]
        if len(self._candidates) != 1:
            return False
        self.schema = self._candidates[0]
        for key, value in [*self._object.items()]:
            plan = self.start_field(key)
            partial = plan.text.build(value) if plan.text and isinstance(value, str) else ABSENT
            super().add(plan, value, plan.validate(value), partial)
        return True

    @override
    def _put(self, received: JSON, value: object) -> None:
        self._object[self._key] = received
        if value is not ABSENT:
            self._fields[self.field] = self._fields_by_key[self._key] = value

    @override
    def build(self, child: object = ABSENT) -> object:
        fields = {**self._fields} if child is ABSENT else {**self._fields, self.field: child}
        return self.schema.build(fields) if self.schema else ABSENT


def differs(previous: object, value: object) -> bool:
    """Return whether two values differ, or their types do."""
    return previous is not value and (type(previous) is not type(value) or previous != value)
