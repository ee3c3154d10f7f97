"""Docstrings as documentation of tools: description, parameters, examples of arguments."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Documentation:
    """A parsed docstring.

    Attributes:
        description: The description of the function, ``""`` if there is none.
        parameters: The descriptions of the parameters by name.
        examples: Examples of a call's arguments, decoded from JSON.
    """

    description: str = ""
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    examples: list[object] = field(default_factory=list[object])


def documentation_of(function: Callable[..., object]) -> Documentation:
    """Parse a function's docstring, in any style that `docstring_parser` supports.

    Raises:
        ValueError: An example is neither JSON nor a doctest.
    """
    import docstring_parser  # noqa: PLC0415  # slow to import, and only tools need it

    text = inspect.cleandoc(function.__doc__ or "")
    try:
        parsed = docstring_parser.parse(text)
    except docstring_parser.ParseError:  # it resembles a style without following it
        return Documentation(text)
    return Documentation(
        (parsed.description or "").strip(),
        {
            parameter.arg_name: (parameter.description or "").strip()
            for parameter in parsed.params
            if parameter.args[0] != "attribute"
        },
        [
            example
            for section in parsed.examples
            for example in _examples(section.description or section.snippet or "", function)
        ],
    )


def _examples(text: str, function: Callable[..., object]) -> Iterator[object]:
    decoder = json.JSONDecoder()
    while text := text.strip():
        if text.startswith(">>>"):  # a doctest is for readers
            return
        try:
            example, end = decoder.raw_decode(text)
        except ValueError as error:
            name = getattr(function, "__qualname__", repr(function))
            raise ValueError(
                f"an example in the docstring of {name} is not JSON: {text}"
            ) from error
        yield example
        text = text[end:]
