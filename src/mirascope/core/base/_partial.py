"""Values of a model that grow while their JSON comes.

Strategy: every container that is open has a frame, which knows what of it is complete. A picture
of the whole is taken only when somebody looks, from the innermost frame outwards: what is complete
is shared by all pictures, only the open containers are copied. How a value of an annotation grows
is worked out once per model, as a tree of `_Plan`.

What is complete is validated as its annotation says. The models inside of it are handed over as
the objects that they have become, so each model's validators run once; the plain JSON is used
instead where validators read it, where pydantic would run them on the object again, and where the
objects do not fit (in strict mode, for example).
What is complete but not valid stays as it was.
"""

from __future__ import annotations

import collections.abc
import json
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cached_property, lru_cache
from pathlib import PurePath
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)
from uuid import UUID

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    RootModel,
    SerializeAsAny,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import override

from mirascope.core._wire.events import JSON
from mirascope.core._wire.partial_json import PartialJSON

T = TypeVar("T", bound=BaseModel)

_CACHED_MODELS: Final = 512
_ABSENT: Final = object()
_AS_IT_IS: Final[Any] = SerializeAsAny
_SCALARS: Final = (str, int, float, bool, NoneType)
_WRITTEN: Final = (Enum, bytes, date, time, timedelta, Decimal, UUID, PurePath)
_LISTS: Final = (list, collections.abc.Sequence, collections.abc.MutableSequence)
_DICTS: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


class Growing(Generic[T]):
    """A value of a model that grows while its JSON is fed.

    Args:
        kind: The model.

    Example:
        >>> class Book(BaseModel):
        ...     title: str
        ...     pages: int
        >>> growing = Growing(Book)
        >>> growing.feed('{"title": "Du'), growing.value
        (True, PartialBook(title='Du'))
        >>> growing.feed('ne", "pages": 41'), growing.value
        (True, PartialBook(title='Dune'))
        >>> growing.feed("2}"), growing.value
        (True, Book(title='Dune', pages=412))
    """

    def __init__(self, kind: type[T]) -> None:
        self._reader = PartialJSON(self)
        self._frames: list[_Frame] = []
        self._hidden = 0
        self._plan: _Plan = _model_plan(kind)
        self._in_text = False
        self._value: object = _ABSENT
        self._shown: object = None
        self._changed = False
        self._stale = False
        self._outcome: object = _ABSENT
        self._elements: dict[str, list[object]] = {}

    def feed(self, text: str) -> bool:
        """Read on; tell whether `value` has changed.

        Raises:
            MalformedJSONError: The text is not JSON; what came before stays as it was.
        """
        self._changed = False
        try:
            self._reader.feed(text)
        finally:
            self._stale = self._stale or self._changed
        return self._changed

    @property
    def complete(self) -> bool:
        """Whether the closing brace of the top level has come."""
        return self._reader.complete

    @property
    def is_valid(self) -> bool:
        """Whether the top level is complete and valid."""
        return self._outcome is not _ABSENT and not isinstance(self._outcome, ValidationError)

    @property
    def value(self) -> T | None:
        """What has come: a `partial_type`, at the end the model itself; ``None`` before all.

        If the whole is not valid, it stays partial. A change makes a new object.
        """
        if self._stale:
            self._shown = self._picture()
            self._stale = False
        return cast("T | None", self._shown)

    def result(self) -> T:
        """Return the whole, validated.

        Raises:
            pydantic.ValidationError: It is not valid.
            ValueError: It is not complete.
        """
        if isinstance(self._outcome, ValidationError):
            raise self._outcome
        if self._outcome is _ABSENT:
            raise ValueError("the JSON is not complete")
        return cast("T", self._outcome)

    def elements(self, field: str) -> list[object]:
        """Return what has become complete in a list field since last asked, validated.

        Raises:
            pydantic.ValidationError: The next element is not valid. Ask again for those after it.
        """
        waiting = self._elements.get(field, [])
        if waiting and isinstance(waiting[0], ValidationError):
            raise cast("ValidationError", waiting.pop(0))
        bad = (i for i, element in enumerate(waiting) if isinstance(element, ValidationError))
        until = next(bad, len(waiting))
        taken = waiting[:until]
        del waiting[:until]
        return taken

    # What the reader calls.

    def opened(self, container: dict[str, JSON] | list[JSON]) -> None:
        """Follow the reader into a container."""
        frame = None if self._hidden else self._plan.opened(container, self._plan)
        if frame is None:
            self._hidden += 1
            return
        self._frames.append(frame)
        self._plan = frame.next_plan()
        self._changed = self._changed or frame.visible

    def named(self, key: str) -> None:
        """Follow the reader to a field."""
        if not self._hidden:
            self._plan = self._frames[-1].named(key)

    def grown(self) -> None:
        """Take note that a text grows."""
        if not self._hidden and self._plan.text_grows:
            self._in_text = self._changed = True

    def ended(self, value: JSON) -> None:
        """Take a complete value."""
        is_container = isinstance(value, (dict, list))
        if self._hidden:
            self._hidden -= is_container
            if not self._hidden:
                self._take(_Complete(self._plan, value))
        elif is_container:
            frame = self._frames.pop()
            self._take(_Complete(frame.plan, value, frame.given, frame.picture(), frame.is_sum))
        else:
            before = self._plan.dressed(value) if self._in_text else _ABSENT
            self._in_text = False
            self._take(_Complete(self._plan, value, before=before))

    def _take(self, child: _Complete) -> None:
        if not self._frames:
            self._outcome, self._value = child.found, child.value
            self._changed = self._changed or _differs(child.before, child.value)
            return
        frame = self._frames[-1]
        self._changed = frame.put(child) or self._changed
        if len(self._frames) == len(("model", "list")) and isinstance(frame, _ListFrame):
            self._elements.setdefault(self._frames[0].place, []).append(child.found)
        if isinstance(frame, _UndecidedFrame) and (chosen := frame.chosen()):
            self._frames[-1] = frame = chosen
            self._changed = True
        self._plan = frame.next_plan()

    def _picture(self) -> object:
        child = self._plan.dressed(self._reader.text) if self._in_text else _ABSENT
        if not self._frames:
            child = self._value
        for frame in reversed(self._frames):
            child = frame.picture(child)
        return None if child is _ABSENT else child


@lru_cache(_CACHED_MODELS)
def partial_type(kind: type[T]) -> type[T]:
    """Return the model whose values have only some of another's fields.

    Every field is optional and ``None`` if it has not come; ``model_fields_set`` and ``repr``
    know only those that have, ``str`` shows all. It is a subclass, without the validators,
    serializers and computed fields, which may need all fields. The same class comes back for the
    same model.

    Example:
        >>> class Book(BaseModel):
        ...     title: str
        >>> partial_type(Book)(), issubclass(partial_type(Book), Book)
        (PartialBook(), True)
    """
    if not kind.__pydantic_complete__:
        kind.model_rebuild()
    fields: dict[str, Any] = {
        name: (
            _AS_IT_IS[_whole(info.annotation, info.metadata) | None],
            Field(
                default=None,
                alias=info.alias,
                validation_alias=info.validation_alias,
                serialization_alias=info.serialization_alias,
                description=info.description,
                exclude=info.exclude,
                repr=info.repr,
            ),
        )
        for name, info in kind.model_fields.items()
    }
    partial = create_model(
        f"Partial{kind.__name__}", __base__=(_Partial, kind), __module__=kind.__module__, **fields
    )
    decorators = partial.__pydantic_decorators__
    for inherited in (
        decorators.validators,
        decorators.field_validators,
        decorators.root_validators,
        decorators.model_validators,
        decorators.field_serializers,
        decorators.model_serializers,
        decorators.computed_fields,
    ):
        inherited.clear()
    partial.model_rebuild(force=True)
    return cast("type[T]", partial)


class _Partial(BaseModel):
    """What is the same for all partial types."""

    @override
    def __repr_args__(self) -> Any:
        begun = self.model_fields_set
        fields = type(self).model_fields
        for name, value in self.__dict__.items():
            if name in begun and fields[name].repr:
                yield name, value
        yield from (self.__pydantic_extra__ or {}).items()

    @override
    def __str__(self) -> str:
        return _with_all(self, " ")

    @override
    def model_post_init(self, context: Any, /) -> None: ...


def _with_all(partial: _Partial, separator: str) -> str:
    """Return all fields of a partial value, those that have not come as ``None``."""
    fields = BaseModel.__repr_args__(partial)
    return separator.join(f"{name}={_shown(value)}" for name, value in fields)


def _shown(value: object) -> str:
    if isinstance(value, _Partial):
        return f"{type(value).__name__}({_with_all(value, ', ')})"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, cast('list[object]', value)))}]"
    return repr(value)


class _Complete:
    """A value that has come to its end.

    Attributes:
        found: The value, validated; else the error.
        before: How it looked just before its end.
        value: How it looks now.
        given: What to validate that which holds it with.
    """

    __slots__ = ("before", "found", "given", "value")

    def __init__(
        self,
        plan: _Plan,
        raw: JSON,
        given: object = None,
        before: object = _ABSENT,
        is_sum: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        self.before = before
        given_or_raw = raw if given is None else given
        self.found = before if is_sum else plan.validated(given_or_raw, raw)
        self.value = before if isinstance(self.found, ValidationError) else self.found
        self.given: object = raw
        if isinstance(self.found, BaseModel):
            self.given = self.found if plan.hands_over else raw
        elif given is not None and not isinstance(before, BaseModel):
            self.given = given


def _differs(before: object, after: object) -> bool:
    return before is not after and (type(before) is not type(after) or before != after)


# How a value of an annotation grows.


class _Plan:
    """A value that is not seen before it is complete."""

    def __init__(self, annotation: Any, metadata: list[Any], config: ConfigDict) -> None:
        self._annotation = annotation
        self._metadata = metadata
        self._config = config

    @property
    def shapes(self) -> frozenset[str]:
        """What JSON, besides numbers and words, may become one."""
        if _is_scalar(self._annotation):
            return frozenset() if self._annotation in _SCALARS[1:] else frozenset({"text"})
        return frozenset({"text", "list", "object"})

    @property
    def text_grows(self) -> bool:
        """Whether a text is seen before it is complete."""
        return False

    @property
    def is_sum(self) -> bool:
        """Whether this is valid if, and no other than, what is in it."""
        return False

    @property
    def json_only(self) -> bool:
        """Whether only JSON text is read as JSON text, even inside of something else."""
        return False

    @property
    def reads_json(self) -> bool:
        """Whether only JSON text is read as JSON text."""
        return self.json_only or not self.hands_over

    @cached_property
    def hands_over(self) -> bool:
        """Whether the models in this can, once it is complete, stand for their JSON."""
        return not any(hasattr(item, "__get_pydantic_core_schema__") for item in self._metadata)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        whole = _whole(self._annotation, self._metadata)
        try:
            return TypeAdapter(whole, config=self._config)
        except PydanticUserError:  # the type has a configuration of its own
            return TypeAdapter(whole)

    def validated(self, given: object, raw: JSON) -> object:
        """Return a complete value, validated, or the error that says why it is not valid."""
        if not self.reads_json:
            try:
                return self._adapter.validate_python(given)
            except ValidationError:
                pass
        try:
            return self._adapter.validate_json(json.dumps(raw))
        except ValidationError as error:
            return error

    def dressed(self, value: object) -> object:
        """Return a picture of the JSON value as a picture of this."""
        return value

    def opened(self, container: dict[str, JSON] | list[JSON], position: _Plan) -> _Frame | None:
        """Return the frame of a container that begins; ``None`` if it is not to be seen."""
        del container, position
        return None


class _TextPlan(_Plan):
    @property
    @override
    def shapes(self) -> frozenset[str]:
        return frozenset({"text"})

    @property
    @override
    def text_grows(self) -> bool:
        return True


class _AnyPlan(_Plan):
    """Whatever comes, as it comes."""

    @property
    @override
    def is_sum(self) -> bool:
        return not self._metadata

    @property
    @override
    def text_grows(self) -> bool:
        return True

    @override
    def validated(self, given: object, raw: JSON) -> object:
        return super().validated(given, raw) if self._metadata else raw

    @override
    def opened(self, container: dict[str, JSON] | list[JSON], position: _Plan) -> _Frame | None:
        if isinstance(container, list):
            return _ListFrame(position, list, (), self)
        return _DictFrame(position, None, self)


class _ListPlan(_Plan):
    @property
    @override
    def shapes(self) -> frozenset[str]:
        return frozenset({"list"})

    @property
    @override
    def is_sum(self) -> bool:
        return not self._metadata and not self._items[0]

    @cached_property
    def _make(self) -> Any:
        return tuple if get_origin(self._annotation) is tuple else list

    @cached_property
    def _items(self) -> tuple[tuple[_Plan, ...], _Plan]:
        """The plans of the first elements, and of all after those."""
        items = get_args(self._annotation)
        if self._make is tuple and items[-1:] != (...,):
            return tuple(_plan(item, [], self._config) for item in items), _OPAQUE
        return (), _plan(items[0], [], self._config)

    @property
    @override
    def json_only(self) -> bool:
        first, rest = self._items
        return not self.hands_over or any(item.json_only for item in (*first, rest))

    @override
    def opened(self, container: dict[str, JSON] | list[JSON], position: _Plan) -> _Frame | None:
        if isinstance(container, list):
            return _ListFrame(position, self._make, *self._items)
        return None


class _DictPlan(_Plan):
    @property
    @override
    def shapes(self) -> frozenset[str]:
        return frozenset({"object"})

    @cached_property
    def _parts(self) -> tuple[_Plan, _Plan]:
        key, value = get_args(self._annotation)
        return _plan(key, [], self._config), _plan(value, [], self._config)

    @property
    @override
    def json_only(self) -> bool:
        return not self.hands_over or any(part.json_only for part in self._parts)

    @override
    def opened(self, container: dict[str, JSON] | list[JSON], position: _Plan) -> _Frame | None:
        return _DictFrame(position, *self._parts) if isinstance(container, dict) else None


class _ModelPlan(_Plan):
    @property
    @override
    def shapes(self) -> frozenset[str]:
        return frozenset({"object"})

    @cached_property
    def kind(self) -> type[BaseModel]:
        kind: type[BaseModel] = self._annotation
        if not kind.__pydantic_complete__:
            kind.model_rebuild()
        return kind

    @cached_property
    def fields(self) -> dict[str, tuple[str, _Plan]]:
        """The fields by their keys in the JSON."""
        config = self.kind.model_config
        return {
            key: (name, _plan(info.annotation, [*info.metadata], config))
            for name, info in self.kind.model_fields.items()
            for key in _keys(name, info, config)
        }

    @cached_property
    def tags(self) -> dict[str, list[object]]:
        """The values that fields must have, by their keys."""
        return {
            key: [v.value if isinstance(v, Enum) else v for v in get_args(info.annotation)]
            for name, info in self.kind.model_fields.items()
            for key in _keys(name, info, self.kind.model_config)
            if get_origin(info.annotation) is Literal
        }

    @cached_property
    def blank(self) -> collections.abc.Mapping[str, object]:
        """The fields of a value nothing of which has come."""
        return dict.fromkeys(self.kind.model_fields)

    @cached_property
    def partial(self) -> type[BaseModel]:
        return partial_type(self.kind)

    @cached_property
    def extra(self) -> bool:
        """Whether fields that the model does not know are kept."""
        return self.kind.model_config.get("extra") == "allow"

    @cached_property
    @override
    def hands_over(self) -> bool:
        modes = [it.info.mode for it in self.kind.__pydantic_decorators__.model_validators.values()]
        runs_again = any(mode != "before" for mode in modes)
        revalidates = self.kind.model_config.get("revalidate_instances") == "always"
        return super().hands_over and not runs_again and not revalidates

    @property
    @override
    def json_only(self) -> bool:
        return not self.hands_over

    @property
    @override
    def reads_json(self) -> bool:
        return self._needs_json

    @cached_property
    def _needs_json(self) -> bool:
        decorators = self.kind.__pydantic_decorators__
        modes = [
            *(found.info.mode for found in decorators.model_validators.values()),
            *(found.info.mode for found in decorators.field_validators.values()),
        ]
        return (
            any(mode != "after" for mode in modes)
            or bool(decorators.validators or decorators.root_validators)
            or self.kind.model_config.get("val_json_bytes", "utf8") != "utf8"
            or any(plan.json_only for _, plan in self.fields.values())
            or not self.hands_over
        )

    @override
    def opened(self, container: dict[str, JSON] | list[JSON], position: _Plan) -> _Frame | None:
        return _ModelFrame(self, position) if isinstance(container, dict) else None

    def pictured(self, fields: dict[str, object], extra: dict[str, object] | None) -> BaseModel:
        """Return a partial value that has these fields."""
        picture = self.partial.__new__(self.partial)
        values = {**self.blank, **fields}
        begun = {*fields, *extra} if extra else {*fields}
        object.__setattr__(picture, "__dict__", values)
        object.__setattr__(picture, "__pydantic_fields_set__", begun)
        object.__setattr__(picture, "__pydantic_extra__", None if extra is None else {**extra})
        private = self._private_values() if self._has_private else None
        object.__setattr__(picture, "__pydantic_private__", private)
        return picture

    @cached_property
    def _has_private(self) -> bool:
        return bool(self.kind.__private_attributes__)

    def _private_values(self) -> dict[str, object]:
        defaults = {
            name: cast("object", attribute.get_default())
            for name, attribute in self.kind.__private_attributes__.items()
        }
        return {name: it for name, it in defaults.items() if it is not PydanticUndefined}


class _RootPlan(_ModelPlan):
    """A model that is its only field."""

    @property
    @override
    def shapes(self) -> frozenset[str]:
        return self._root.shapes

    @cached_property
    def _root(self) -> _Plan:
        info = self.kind.model_fields["root"]
        return _plan(info.annotation, [*info.metadata], self.kind.model_config)

    @property
    @override
    def text_grows(self) -> bool:
        return self._root.text_grows

    @override
    def dressed(self, value: object) -> object:
        return self.pictured({"root": self._root.dressed(value)}, None)

    @override
    def opened(self, container: dict[str, JSON] | list[JSON], position: _Plan) -> _Frame | None:
        inner = self._root.opened(container, self._root)
        return inner and _RootFrame(self, position, inner)


class _UnionPlan(_Plan):
    """One of several; what JSON comes tells which, or the values of tag fields."""

    @cached_property
    def _members(self) -> list[_Plan]:
        members = [member for member in get_args(self._annotation) if member is not NoneType]
        return [_plan(member, [], self._config) for member in members]

    def _for(self, shape: str) -> list[_Plan]:
        return [member for member in self._members if shape in member.shapes]

    @property
    @override
    def json_only(self) -> bool:
        members = self._members
        is_inside = any(member.json_only for member in members) or len(self._for("text")) > 1
        return is_inside or not self.hands_over

    @property
    @override
    def reads_json(self) -> bool:
        return super().reads_json or any(member.reads_json for member in self._members)

    @property
    @override
    def text_grows(self) -> bool:
        texts = self._for("text")
        return len(texts) == 1 and texts[0].text_grows

    @override
    def dressed(self, value: object) -> object:
        return self._for("text")[0].dressed(value)

    @override
    def opened(self, container: dict[str, JSON] | list[JSON], position: _Plan) -> _Frame | None:
        fitting = self._for("list" if isinstance(container, list) else "object")
        if len(fitting) == 1:
            return fitting[0].opened(container, position)
        models = [member for member in fitting if type(member) is _ModelPlan]
        if models and len(models) == len(fitting) and isinstance(container, dict):
            return _UndecidedFrame(position, models, container)
        return None


@lru_cache(_CACHED_MODELS)
def _model_plan(kind: type[BaseModel]) -> _ModelPlan:
    made = _RootPlan if issubclass(kind, RootModel) else _ModelPlan
    return made(kind, [], ConfigDict())


def _plan(annotation: Any, metadata: list[Any], config: ConfigDict) -> _Plan:
    """Work out how a value of an annotation grows."""
    if get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        return _plan(annotation, [*inner, *metadata], config)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not metadata:
            return _model_plan(annotation)
        made = _RootPlan if issubclass(annotation, RootModel) else _ModelPlan
        return made(annotation, metadata, config)
    if annotation in (list, tuple, dict):
        annotation = {list: list[Any], tuple: tuple[Any, ...], dict: dict[Any, Any]}[annotation]
    return _kind_of_plan(annotation)(annotation, metadata, config)


def _kind_of_plan(annotation: Any) -> type[_Plan]:
    origin = get_origin(annotation)
    if annotation is str:
        return _TextPlan
    if annotation is Any or annotation is object or annotation is JsonValue:
        return _AnyPlan
    if origin in _LISTS or (origin is tuple and get_args(annotation)):
        return _ListPlan
    if origin in _DICTS:
        return _DictPlan
    if origin is Union or origin is UnionType:
        return _UnionPlan
    return _Plan


def _keys(name: str, info: FieldInfo, config: ConfigDict) -> list[str]:
    """Return the keys in the JSON that are a field's."""
    alias = info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    keys = [choice for choice in choices if isinstance(choice, str)]
    if alias is None or config.get("populate_by_name") or config.get("validate_by_name"):
        keys.append(name)
    return keys if config.get("validate_by_alias", True) else [name]


def _whole(annotation: Any, metadata: list[Any]) -> Any:
    return Annotated[(annotation, *metadata)] if metadata else annotation


def _is_scalar(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return True
    return isinstance(annotation, type) and issubclass(annotation, (*_SCALARS, *_WRITTEN))


_OPAQUE: Final = _Plan(Any, [], ConfigDict())
_ANY: Final = _AnyPlan(Any, [], ConfigDict())


# Containers that are open.


class _Frame:
    """A container that is open.

    Attributes:
        plan: The plan of the place where it stands.
        given: What to validate it with: its JSON, with the models in it that are complete.
        place: The field that is open.
    """

    visible = True
    given: object
    place: str = ""

    def __init__(self, plan: _Plan) -> None:
        self.plan = plan

    @property
    def is_sum(self) -> bool:
        """Whether this is valid because all that is in it is."""
        return False

    def next_plan(self) -> _Plan:
        """Return the plan of the value that comes next, in a list."""
        return _OPAQUE

    def named(self, key: str) -> _Plan:
        """Return the plan of the value of that key, which comes next."""
        del key
        return _OPAQUE

    def put(self, child: _Complete) -> bool:
        """Take a complete value; tell whether the picture changes."""
        raise NotImplementedError

    def picture(self, child: object = _ABSENT) -> object:
        """Return how this looks, with the value in it that is open."""
        raise NotImplementedError


class _ListFrame(_Frame):
    def __init__(self, plan: _Plan, make: Any, first: tuple[_Plan, ...], rest: _Plan) -> None:
        super().__init__(plan)
        self._make = make
        self._first = first
        self._rest = rest
        self._shown: list[object] = []
        self._sound = True
        self.given = self._given = list[object]()

    @property
    @override
    def is_sum(self) -> bool:
        return self._sound and self.plan.is_sum

    @override
    def next_plan(self) -> _Plan:
        index = len(self._given)
        return self._first[index] if index < len(self._first) else self._rest

    @override
    def put(self, child: _Complete) -> bool:
        self._given.append(child.given)
        self._sound = self._sound and not isinstance(child.found, ValidationError)
        if child.value is not _ABSENT:
            self._shown.append(child.value)
        return _differs(child.before, child.value)

    @override
    def picture(self, child: object = _ABSENT) -> object:
        elements = [*self._shown] if child is _ABSENT else [*self._shown, child]
        return elements if self._make is list else tuple(elements)


class _DictFrame(_Frame):
    def __init__(self, plan: _Plan, keys: _Plan | None, values: _Plan) -> None:
        super().__init__(plan)
        self._keys = keys
        self._values = values
        self._shown: dict[object, object] = {}
        self.given = self._given = dict[str, object]()
        self._key: object = ""

    @override
    def named(self, key: str) -> _Plan:
        self.place = key
        self._key = self._keys.validated(key, key) if self._keys else key
        if isinstance(self._key, ValidationError):
            return _OPAQUE
        self._shown.pop(self._key, None)
        return self._values

    @override
    def put(self, child: _Complete) -> bool:
        self._given[self.place] = child.given
        if isinstance(self._key, ValidationError) or child.value is _ABSENT:
            return False
        self._shown[self._key] = child.value
        return _differs(child.before, child.value)

    @override
    def picture(self, child: object = _ABSENT) -> object:
        return {**self._shown} if child is _ABSENT else {**self._shown, self._key: child}


class _ModelFrame(_Frame):
    def __init__(self, model: _ModelPlan, plan: _Plan) -> None:
        super().__init__(plan)
        self._model = model
        self._key = ""
        self._is_extra = False
        self._shown: dict[str, object] = {}
        self._extra: dict[str, object] | None = {} if model.extra else None
        self.given = self._given = dict[str, object]()

    @override
    def named(self, key: str) -> _Plan:
        self._key = key
        self.place, plan = self._model.fields.get(key, ("", _OPAQUE))
        self._is_extra = self._extra is not None and not self.place
        if self._is_extra:
            self.place, plan = key, _ANY
        self._target.pop(self.place, None)
        return plan

    @property
    def _target(self) -> dict[str, object]:
        return self._extra if self._is_extra and self._extra is not None else self._shown

    @override
    def put(self, child: _Complete) -> bool:
        self._given[self._key] = child.given
        if not self.place or child.value is _ABSENT:
            return False
        self._target[self.place] = child.value
        if child.value is None and not self._is_extra:  # as before it came
            return child.before is not _ABSENT
        return _differs(child.before, child.value)

    @override
    def picture(self, child: object = _ABSENT) -> object:
        fields, extra = self._shown, self._extra
        if child is not _ABSENT:
            if self._is_extra:
                extra = {**(extra or {}), self.place: child}
            else:
                fields = {**fields, self.place: child}
        return self._model.pictured(fields, extra)


class _RootFrame(_Frame):
    """A container that is the only field of a model."""

    place = "root"

    def __init__(self, model: _RootPlan, plan: _Plan, inner: _Frame) -> None:
        super().__init__(plan)
        self._model = model
        self._inner = inner
        self.visible = inner.visible
        self.given = inner.given

    @override
    def next_plan(self) -> _Plan:
        return self._inner.next_plan()

    @override
    def named(self, key: str) -> _Plan:
        return self._inner.named(key)

    @override
    def put(self, child: _Complete) -> bool:
        return self._inner.put(child)

    @override
    def picture(self, child: object = _ABSENT) -> object:
        picture = self._inner.picture(child)
        return picture if picture is _ABSENT else self._model.pictured({"root": picture}, None)


class _UndecidedFrame(_Frame):
    """An object that may become one of several models."""

    visible = False

    def __init__(
        self, plan: _Plan, candidates: list[_ModelPlan], container: dict[str, JSON]
    ) -> None:
        super().__init__(plan)
        self._candidates = candidates
        self._container = container
        self.given = container

    @override
    def named(self, key: str) -> _Plan:
        self.place = key
        return _OPAQUE

    @override
    def put(self, child: _Complete) -> bool:
        value = self._container[self.place]
        self._candidates = [
            model
            for model in self._candidates
            if self.place not in model.tags or value in model.tags[self.place]
        ]
        return False

    def chosen(self) -> _ModelFrame | None:
        """Return the frame of the only model that is left, with all that has come."""
        if len(self._candidates) != 1:
            return None
        frame = _ModelFrame(self._candidates[0], self.plan)
        for key, value in self._container.items():
            plan = frame.named(key)
            grew = isinstance(value, str) and plan.text_grows
            frame.put(_Complete(plan, value, before=plan.dressed(value) if grew else _ABSENT))
        return frame

    @override
    def picture(self, child: object = _ABSENT) -> object:
        return _ABSENT
