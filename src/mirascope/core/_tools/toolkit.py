"""Toolkits: tools that are methods or inner classes of one object."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from abc import ABC
from collections.abc import Callable
from typing import Any, ClassVar, Final, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, create_model
from typing_extensions import TypeVar, override

from mirascope.core._tools.docstring import documentation_of
from mirascope.core._tools.function_tools import make_function_tool
from mirascope.core._tools.tool import BaseTool, name_of

MethodT = TypeVar("MethodT", bound=Callable[..., object])

_MARK: Final = "__mirascope_toolkit_tool__"
_FIELD: Final = re.compile(r"\{self\.(\w+)[^{}]*\}")
_namespaces: Final[dict[str, tuple[str, str]]] = {}


def toolkit_tool(method: MethodT) -> MethodT:
    """Mark a method or an inner tool class of a toolkit as a tool; see `BaseToolKit`.

    Raises:
        ValueError: It has no docstring. The docstring is the description for the model.
    """
    if not (method.__doc__ or "").strip():
        raise ValueError(
            f"the toolkit's tool {method.__qualname__} needs a docstring, its description"
        )
    setattr(method, _MARK, True)
    return method


class BaseToolKit(BaseModel):
    """Tools that share the fields of one object; their docstrings may refer to those fields.

    ``__namespace__`` is a prefix of the tools' names, such as ``library_`` in
    ``library_get_author``. In an inner tool class, an attribute that ``self`` does not have is that
    of the toolkit. A toolkit without tools must be an ``ABC``, as a base class of others.

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
        ValueError: When the class is created: it has no tool, a docstring refers to a field that
            does not exist, or another toolkit has the same namespace.
    """

    model_config = ConfigDict(protected_namespaces=(), arbitrary_types_allowed=True)

    __namespace__: ClassVar[str | None] = None

    @override
    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        tools = cls._marked()
        needs_tools = not inspect.isabstract(cls) and ABC not in cls.__mro__
        if not tools and needs_tools and not _is_unpickled_by_value():
            raise ValueError(f"the toolkit {cls.__name__} has no method with @toolkit_tool")
        for name, tool in tools.items():
            for reference in _FIELD.finditer(tool.__doc__ or ""):
                if not cls._has(reference[1]):
                    raise ValueError(
                        f"the docstring of {cls.__name__}.{name} has {reference[0]}, "
                        "but the toolkit does not have that field"
                    )
        if namespace := vars(cls).get("__namespace__"):
            owner = (cls.__module__, cls.__qualname__)  # a notebook may run its cell again
            if _namespaces.setdefault(namespace, owner) != owner:
                raise ValueError(
                    f"{_namespaces[namespace][1]} already has the namespace {namespace!r}"
                )

    @classmethod
    def _marked(cls) -> dict[str, object]:
        """Return the marked members by name."""
        kinds = reversed(cls.__mro__)
        members = {name: member for kind in kinds for name, member in vars(kind).items()}
        return {n: member for n, member in members.items() if is_toolkit_tool(member)}

    @classmethod
    def _has(cls, name: str) -> bool:
        known = cls.model_fields.keys() | cls.__private_attributes__.keys()
        return name in known or hasattr(cls, name) or cls.model_config.get("extra") == "allow"

    def create_tools(self) -> list[type[BaseTool]]:
        """Return a tool class for each tool, with the toolkit's current field values."""
        return [self._tool(getattr(self, name)) for name in self._marked()]

    def _tool(self, marked: Callable[..., object]) -> type[BaseTool]:
        if isinstance(marked, type):
            return self._inner_tool(cast("type[BaseTool]", marked))
        documentation = documentation_of(marked)
        documentation = dataclasses.replace(
            documentation,
            description=self._fill(documentation.description),
            parameters={n: self._fill(text) for n, text in documentation.parameters.items()},
        )
        return make_function_tool(BaseTool, marked, documentation, self._tool_name(marked.__name__))

    def _inner_tool(self, tool_type: type[BaseTool]) -> type[BaseTool]:
        name = self._tool_name(name_of(tool_type))
        bound = type("_Bound", (_InnerTool,), {"__toolkit__": self, "__custom_name__": name})
        return create_model(
            name,
            __base__=(cast("type[BaseTool]", bound), tool_type),
            __doc__=self._fill(inspect.cleandoc(tool_type.__doc__ or "")),
            __module__=tool_type.__module__,
        )

    def _tool_name(self, name: str) -> str:
        return "_".join(filter(None, (self.__namespace__, name)))

    def _fill(self, text: str) -> str:
        return _FIELD.sub(lambda reference: reference[0].format(self=self), text)


class _InnerTool:
    """An inner class of a toolkit, which supplies the attributes that it lacks."""

    __toolkit__: ClassVar[BaseToolKit]

    def __getattr__(self, name: str) -> object:
        try:
            return cast("Any", super()).__getattr__(name)
        except AttributeError:
            if name.startswith("__"):
                raise
            return getattr(self.__toolkit__, name)


def is_toolkit_tool(method: object) -> bool:
    """Return whether a method or inner class of a toolkit is marked as a tool."""
    return _MARK in getattr(method, "__dict__", {})  # not inherited by a subclass


class ToolKitToolMethod(NamedTuple):
    """A method that is marked as a tool, in v1's form; the library itself does not use it.

    Attributes:
        method: The method.
        template_vars: The names of the fields in its docstring.
        template: Its docstring.
    """

    method: Callable[..., str]
    template_vars: list[str]
    template: str


def _is_unpickled_by_value() -> bool:
    """Return whether a class is being unpickled by value: created empty, members set later."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code is not types.new_class.__code__:
        frame = frame.f_back
    return frame is not None
