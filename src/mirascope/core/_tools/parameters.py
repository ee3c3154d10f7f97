"""How a function becomes a tool: its parameters become fields, its call the tool's call.

A parameter whose name the tool's class needs for itself (``schema``, ``copy``, ``args`` ...) is a
field of another name, with the parameter's name as the alias: models and users see that alone.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Field

from mirascope.core._tools.docstring import Documentation

_BOUND: Final = frozenset({"self", "cls"})
_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class FunctionFields:
    """A function's parameters as fields of a model.

    Attributes:
        definitions: The fields, as `pydantic.create_model` takes them.
        renamed: The parameters' names by the fields' names, where they differ.
        positional: The parameters that are passed by position only.
    """

    definitions: dict[str, Any]
    renamed: dict[str, str]
    positional: tuple[str, ...]


def fields_of(
    function: Callable[..., object], documentation: Documentation, base: type[BaseModel]
) -> FunctionFields:
    """Make fields of a function's parameters.

    Args:
        function: The function; ``self`` and ``cls`` are no arguments of a tool.
        documentation: Its docstring.
        base: The class that the model will derive from.

    Raises:
        ValueError: A parameter lacks an annotation, takes any number of values or has a name that
            tools need, or the docstring tells of a parameter that there is not.
    """
    name = function.__qualname__
    parameters = _parameters(function)
    for unknown in documentation.parameters.keys() - parameters.keys() - _BOUND:
        raise ValueError(f"the docstring of {name} has a parameter {unknown!r}, its signature none")
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


def _parameters(function: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    signature = inspect.signature(function)
    return {name: p for name, p in signature.parameters.items() if name not in _BOUND}


def _check(parameter: inspect.Parameter, function: str, hints: Mapping[str, object]) -> None:
    told = f"the parameter {parameter.name!r} of {function}"
    if parameter.kind in _VARIADIC:
        raise ValueError(f"{told} takes any number of values, which a tool cannot")
    if parameter.name not in hints:
        raise ValueError(f"{told} needs an annotation")
    if parameter.name == "tool_call":
        raise ValueError(f"{told} needs another name: a tool keeps the model's call under it")


def _field_name(parameter: str, base: type[BaseModel]) -> str:
    if parameter.startswith("_") or hasattr(base, parameter) or parameter in base.model_fields:
        return _field_name(f"{parameter.strip('_')}_argument", base)
    return parameter


def _annotation(hint: object, parameter: str, field: str, description: str | None) -> object:
    """Put what is known of a parameter first, so that what its own annotation says counts more."""
    inner, *explicit = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    told = Field(description=description, alias=None if field == parameter else parameter)
    return operator.getitem(cast("Any", Annotated), (inner, told, *explicit))
