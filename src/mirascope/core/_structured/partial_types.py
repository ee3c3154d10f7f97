"""The class of a model's values while some of their fields are missing."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar, cast

from pydantic import BaseModel, Field, SerializeAsAny, create_model
from typing_extensions import override

T = TypeVar("T", bound=BaseModel)

CACHED_MODELS: Final = 512
_BY_ITS_OWN_TYPE: Final[Any] = SerializeAsAny


@lru_cache(CACHED_MODELS)
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
            _BY_ITS_OWN_TYPE[annotated(info.annotation, info.metadata) | None],
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
