"""Partial types: the classes of a model's incomplete values."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar, cast

from pydantic import BaseModel, Field, SerializeAsAny, create_model
from typing_extensions import override

T = TypeVar("T", bound=BaseModel)

CACHED_MODELS: Final = 512
_AS_ANY: Final[Any] = SerializeAsAny


@lru_cache(CACHED_MODELS)
def partial_type(kind: type[T]) -> type[T]:
    """Return the class of a model's incomplete values; the same class for the same model.

    It is a subclass of the model. A field that is not received is ``None``; ``model_fields_set``
    and ``repr`` have only the received fields, ``str`` has all. Validators, serializers and
    computed fields, which may need all fields, are removed.

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
            _AS_ANY[annotated(info.annotation, info.metadata) | None],
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


def annotated(annotation: Any, metadata: list[Any]) -> Any:
    """Return an annotation with its metadata."""
    return Annotated[(annotation, *metadata)] if metadata else annotation


class _Partial(BaseModel):
    """The base class of all partial types."""

    @override
    def __repr_args__(self) -> Any:
        received = self.model_fields_set
        fields = type(self).model_fields
        for name, value in self.__dict__.items():
            if name in received and fields[name].repr:
                yield name, value
        yield from (self.__pydantic_extra__ or {}).items()

    @override
    def __str__(self) -> str:
        return _all_fields(self, " ")

    @override
    def model_post_init(self, context: Any, /) -> None: ...


def _all_fields(partial: _Partial, separator: str) -> str:
    """Return the text of all fields, of those that are not received as ``None``."""
    fields = BaseModel.__repr_args__(partial)
    return separator.join(f"{name}={_text_of(value)}" for name, value in fields)


def _text_of(value: object) -> str:
    if isinstance(value, _Partial):
        return f"{type(value).__name__}({_all_fields(value, ', ')})"
    if isinstance(value, list):
        return f"[{', '.join(map(_text_of, cast('list[object]', value)))}]"
    return repr(value)
