"""Tool classes from functions: the parameters become fields, the function becomes ``call``.

A parameter whose name the base class uses (``schema``, ``copy``, ``args`` ...) becomes a field of
another name, with the parameter's name as its alias. Models and users see only the alias.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Final,
    Protocol,
    TypeAlias,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypeVar

from mirascope.core._tools.docstring import Documentation

ModelT = TypeVar("ModelT", bound=BaseModel)

DeltaText: TypeAlias = SkipJsonSchema[str | None]
"""The type of a tool's field ``delta``, which is no argument."""

DEFAULT_DESCRIPTION: Final = "Call this with arguments that fit its parameters."

_BOUND: Final = frozenset({"self", "cls"})
_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class _HasArgs(Protocol):
    @property
    def args(self) -> dict[str, object]: ...


@dataclass(frozen=True)
class FunctionFields:
    """A function's parameters as fields of a model.

    Attributes:
        definitions: The fields, as `pydantic.create_model` takes them.
        renamed: The parameters' names by the fields' names, where they differ.
        positional: The names of the positional-only parameters.
    """

    definitions: dict[str, Any]
    renamed: dict[str, str]
    positional: tuple[str, ...]


def make_function_tool(
    base: type[ModelT],
    function: Callable[..., Any],
    documentation: Documentation,
    name: str | None = None,
) -> type[ModelT]:
    """Make a tool class from a function; see `BaseTool.type_from_fn`.

    Args:
        base: The base class, a subclass of `BaseTool`.
        function: The function.
        documentation: Its parsed docstring.
        name: The tool's name, by default the function's.

    Raises:
        ValueError: The signature or the docstring cannot describe a tool; see `fields_of`.
    """
    fields = fields_of(function, documentation, base)
    if "delta" in fields.renamed.values():  # frees the alias for the parameter
        fields.definitions["delta"] = (DeltaText, Field(None, alias="\0delta"))
    examples = cast("dict[str, Any]", {"examples": documentation.examples})
    namespace = {
        "call": _call_method(function, fields.positional),
        "model_config": ConfigDict(json_schema_extra=examples)
        if documentation.examples
        else ConfigDict(),
        "__renamed__": fields.renamed,
    }
    return create_model(
        name or function.__name__,
        __base__=cast("tuple[type[ModelT], ...]", (type("_Function", (), namespace), base)),
        __doc__=documentation.description or DEFAULT_DESCRIPTION,
        __module__=function.__module__,
        **fields.definitions,
    )


def _call_method(
    function: Callable[..., Any], positional: tuple[str, ...]
) -> Callable[..., object]:
    def split(tool: _HasArgs) -> tuple[list[object], dict[str, object]]:
        named = tool.args
        return [named.pop(name) for name in positional], named

    def call(self: _HasArgs) -> object:
        args, kwargs = split(self)
        return function(*args, **kwargs)

    async def acall(self: _HasArgs) -> object:
        args, kwargs = split(self)
        return await function(*args, **kwargs)

    return acall if inspect.iscoroutinefunction(function) else call


def fields_of(
    function: Callable[..., object], documentation: Documentation, base: type[BaseModel]
) -> FunctionFields:
    """Return a function's parameters as fields.

    Args:
        function: The function; ``self`` and ``cls`` are not among the fields.
        documentation: Its parsed docstring.
        base: The base class of the model.

    Raises:
        ValueError: A parameter has no annotation, is variadic or has a reserved name, or the
            docstring documents a parameter that the signature lacks.
    """
    name = function.__qualname__
    parameters = {
        n: p for n, p in inspect.signature(function).parameters.items() if n not in _BOUND
    }
    for unknown in documentation.parameters.keys() - parameters.keys() - _BOUND:
        raise ValueError(
            f"the docstring of {name} has a parameter {unknown!r} that the function does not have"
        )
    hints = get_type_hints(function, include_extras=True)
    definitions: dict[str, Any] = {}
    renamed: dict[str, str] = {}
    for parameter in parameters.values():
        _check(parameter, name, hints)
        field_name = _field_name(parameter.name, base)
        if field_name != parameter.name:
            renamed[field_name] = parameter.name
        description = documentation.parameters.get(parameter.name)
        definitions[field_name] = (
            _annotation(hints[parameter.name], parameter.name, field_name, description),
            ... if parameter.default is parameter.empty else parameter.default,
        )
    positional = [p.name for p in parameters.values() if p.kind is p.POSITIONAL_ONLY]
    return FunctionFields(definitions, renamed, tuple(positional))


def _check(parameter: inspect.Parameter, function: str, hints: Mapping[str, object]) -> None:
    subject = f"the parameter {parameter.name!r} of {function}"
    if parameter.kind in _VARIADIC:
        raise ValueError(f"{subject} is variadic (* or **); a tool needs named parameters")
    if parameter.name not in hints:
        raise ValueError(f"{subject} needs a type annotation")
    if parameter.name == "tool_call":
        raise ValueError(
            f"{subject} needs another name: `tool_call` is reserved for the SDK's object"
        )


def _field_name(parameter: str, base: type[BaseModel]) -> str:
    if parameter.startswith("_") or hasattr(base, parameter) or parameter in base.model_fields:
        return _field_name(f"{parameter.strip('_')}_argument", base)
    return parameter


def _annotation(hint: object, parameter: str, field: str, description: str | None) -> object:
    """Return a field's annotation; the parameter's own metadata overrides the docstring."""
    inner, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    documented = Field(description=description, alias=None if field == parameter else parameter)
    return operator.getitem(cast("Any", Annotated), (inner, documented, *metadata))
