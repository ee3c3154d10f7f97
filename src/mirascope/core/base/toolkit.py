"""Tools that belong together, as methods of one object."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any, ClassVar, Final, NamedTuple

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypeVar, override

from mirascope.core.base._docstring import Documentation, documentation_of
from mirascope.core.base.tool import BaseTool, make_function_tool

MethodT = TypeVar("MethodT", bound=Callable[..., object])

_MARK: Final = "__mirascope_toolkit_tool__"
_FIELD: Final = re.compile(r"\{self\.[^{}]*\}")
_namespaces: Final[dict[str, tuple[str, str]]] = {}


def toolkit_tool(method: MethodT) -> MethodT:
    """Mark a toolkit's method as a tool.

    Raises:
        ValueError: The method has no docstring, which would tell the model what it does.
    """
    if not (method.__doc__ or "").strip():
        raise ValueError(f"the toolkit's tool {method.__qualname__} needs a docstring")
    setattr(method, _MARK, True)
    return method


class BaseToolKit(BaseModel):
    """Tools that share what they need: fields of the toolkit, which their docstrings may name.

    ``__namespace__`` goes before the names of the tools, as in ``library_get_author``.

    >>> class Library(BaseToolKit):
    ...     __namespace__ = "library"
    ...     language: str
    ...     @toolkit_tool
    ...     def get_author(self, title: str) -> str:
    ...         '''Returns the author of a book in {self.language}.'''
    ...         return f"the author of {title} ({self.language})"
    >>> (tool,) = Library(language="Dutch").create_tools()
    >>> tool.__name__, tool.__doc__
    ('library_get_author', 'Returns the author of a book in Dutch.')
    >>> tool(title="Max Havelaar").call()
    'the author of Max Havelaar (Dutch)'

    Raises:
        ValueError: Another toolkit has the namespace, when the class is made.
    """

    model_config = ConfigDict(protected_namespaces=())

    __namespace__: ClassVar[str | None] = None

    @override
    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if namespace := vars(cls).get("__namespace__"):
            here = (cls.__module__, cls.__qualname__)  # a notebook may run its cell again
            if _namespaces.setdefault(namespace, here) != here:
                raise ValueError(f"the namespace {namespace!r} is {_namespaces[namespace][1]}'s")

    def create_tools(self) -> list[type[BaseTool]]:
        """Return a tool for each marked method, bound to this toolkit as it is now."""
        kinds = reversed(type(self).__mro__)
        members = {name: member for kind in kinds for name, member in vars(kind).items()}
        marked = [name for name, member in members.items() if hasattr(member, _MARK)]
        return [self._tool(getattr(self, name)) for name in marked]

    def _tool(self, method: Callable[..., object]) -> type[BaseTool]:
        documentation = self._filled(documentation_of(method))
        name = "_".join(filter(None, (self.__namespace__, method.__name__)))
        return make_function_tool(BaseTool, method, documentation, name)

    def _filled(self, documentation: Documentation) -> Documentation:
        def fill(text: str) -> str:
            return _FIELD.sub(lambda found: found[0].format(self=self), text)

        parameters = {name: fill(text) for name, text in documentation.parameters.items()}
        description = fill(documentation.description)
        return dataclasses.replace(documentation, description=description, parameters=parameters)


def is_toolkit_tool(method: object) -> bool:
    """Return whether a method, or a tool class inside of a toolkit, is marked as a tool."""
    return getattr(method, _MARK, False) is True


class ToolKitToolMethod(NamedTuple):
    """A method that is marked as a tool, in v1's form: nothing here is made of it.

    Attributes:
        method: The method.
        template_vars: The names of the fields that its docstring names.
        template: Its docstring.
    """

    method: Callable[..., str]
    template_vars: list[str]
    template: str
