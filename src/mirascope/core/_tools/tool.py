"""The tools that a model may ask for.

A tool that a stream yields is an instance of the user's class and of the provider's: a class below
both is made once and kept on the user's class or function, so that it lives as long as that.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    NamedTuple,
    Protocol,
    Self,
    TypeAlias,
    cast,
    runtime_checkable,
)

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.json_schema import (
    DEFAULT_REF_TEMPLATE,
    GenerateJsonSchema,
    JsonSchemaMode,
    SkipJsonSchema,
)
from pydantic_core import ErrorDetails, to_json
from typing_extensions import TypedDict, TypeVar, override

from mirascope.core._errors.redaction import is_plain
from mirascope.core._errors.sdk_errors import details
from mirascope.core._structured.partial_types import partial_type
from mirascope.core._structured.partial_value import MalformedJSONError, PartialValue
from mirascope.core._tools.callables import as_function
from mirascope.core._tools.docstring import Documentation
from mirascope.core._tools.json_schema import GenerateJsonSchemaNoTitles
from mirascope.core._tools.parameters import fields_of
from mirascope.core._wire.events import JSON, Record
from mirascope.core._wire.json_text import from_text
from mirascope.errors import ToolCallError

__all__ = ["BaseTool", "GenerateJsonSchemaNoTitles", "ToolConfig", "Tools", "tool_types_of"]

T = TypeVar("T")
Tools: TypeAlias = "Sequence[type[BaseTool] | Callable[..., Any] | ToolMaker]"
"""What a user may give as tools: classes, functions and other callables, and toolkits."""

ToolT = TypeVar("ToolT", bound="BaseTool")

_Delta: TypeAlias = SkipJsonSchema[str | None]

_OWN: Final = frozenset({"tool_call", "delta"})
_UNDESCRIBED: Final = "Call this with arguments that fit its parameters."
_KEPT: Final = "__mirascope_made__"


class Recipe(NamedTuple):
    """How a tool class that is made can be made again, which is how it is pickled.

    Attributes:
        source: What it is made of: a class or a function; or the tool class itself.
        kind: The provider's class of tools.
    """

    source: Any
    kind: type[BaseTool] | None = None


class ToolConfig(TypedDict, total=False):
    """How a provider is told of a tool; each provider's own has the keys that it takes."""


class BaseTool(BaseModel, ABC):
    """A tool call, with the arguments as its fields.

    Its name is the class's (or ``__custom_name__``), its description the class's docstring.

    >>> class GetAuthor(BaseTool):
    ...     '''Returns the author of a book.'''
    ...     title: str
    ...     def call(self) -> str:
    ...         return f"the author of {self.title}"
    >>> GetAuthor(title="Emma").args
    {'title': 'Emma'}

    A field may be of any class. One that has a default, and a type that JSON has not, is not among
    the parameters that the model sees.

    Attributes:
        delta: The newest piece of the arguments' text, on tools whose arguments are still coming.
        id: The provider's id for the call, ``None`` if there is none.
    """

    model_config = ConfigDict(protected_namespaces=(), arbitrary_types_allowed=True)

    delta: _Delta = None

    tool_config: ClassVar[ToolConfig] = ToolConfig()
    __provider__: ClassVar[str] = "BaseTool"
    __tool_config_type__: ClassVar[type[ToolConfig]] = ToolConfig
    __custom_name__: ClassVar[str] = ""
    __renamed__: ClassVar[Mapping[str, str]] = {}
    __made_of__: ClassVar[Recipe | None] = None

    if TYPE_CHECKING:

        @property
        def id(self) -> str | None:
            """The provider's id for the call, unless the tool has an argument of that name."""
            ...

    else:  # to pydantic, and for the arguments of a function, the name is free

        def __getattr__(self, name: str) -> object:
            if name == "id":
                return getattr(getattr(self, "tool_call", None), "id", None) or None
            return super().__getattr__(name)

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to make it again: its class may be made of the user's and the provider's."""
        return _blank, (recipe_of(type(self)),), self.__getstate__()

    @abstractmethod
    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Do what the model asks for."""

    @property
    def args(self) -> dict[str, object]:
        """The arguments by name."""
        values = vars(self)
        own = _OWN - self.__renamed__.keys()
        return {
            self.__renamed__.get(name, name): values[name]
            for name in type(self).model_fields
            if name not in own and name in values
        }

    @classmethod
    def _name(cls) -> str:
        return cls.__custom_name__ or cls.__name__

    @classmethod
    def _description(cls) -> str:
        return inspect.cleandoc(cls.__doc__ or "") or _UNDESCRIBED

    @classmethod
    def tool_schema(cls) -> object:
        """Return the tool in the provider's form, for its ``tools=[...]``.

        Raises:
            NotImplementedError: The class belongs to no provider.
        """
        raise NotImplementedError(f"{cls.__name__} belongs to no provider, whose form is needed")

    @classmethod
    def parameters_schema(cls) -> dict[str, object]:
        """Return the JSON schema of the arguments, without the tool's own description."""
        cls.warn_for_unsupported_configurations()

        def make() -> dict[str, object]:
            schema = cls.model_json_schema()
            schema.pop("description", None)
            return schema

        return copy.deepcopy(_kept(cls, "schema", make))

    @classmethod
    def warn_for_unsupported_configurations(cls) -> None:
        """Warn of what the tool's configuration asks for and its provider ignores."""
        configured = {*cls.tool_config, *(["strict"] if cls.model_config.get("strict") else ())}
        for name in sorted(configured - cls.__tool_config_type__.__annotations__.keys()):
            warnings.warn(
                f"{cls.__provider__} does not support {name!r} in the configuration of a tool or a "
                f"response model: that of {cls.__name__} is ignored",
                UserWarning,
                stacklevel=2,
            )

    @override
    @classmethod
    def model_json_schema(
        cls,
        by_alias: bool | None = True,
        ref_template: str = DEFAULT_REF_TEMPLATE,
        schema_generator: type[GenerateJsonSchema] = GenerateJsonSchemaNoTitles,
        mode: JsonSchemaMode = "validation",
        **options: Any,
    ) -> dict[str, Any]:
        """Return the JSON schema of the arguments, without titles."""
        return super().model_json_schema(by_alias, ref_template, schema_generator, mode, **options)

    @classmethod
    def type_from_fn(cls, fn: Callable[..., object]) -> type[Self]:
        """Make a tool of a function, whose docstring describes it and its parameters.

        Of another callable too: an instance with ``__call__`` has the name and the docstring of its
        class, a `functools.partial` those of the function that it wraps, without what it binds.

        >>> def get_author(title: str) -> str:
        ...     '''Returns the author of a book.
        ...
        ...     Args:
        ...         title: The book's title.
        ...     '''
        ...     return f"the author of {title}"
        >>> BaseTool.type_from_fn(get_author)(title="Emma").call()
        'the author of Emma'

        Raises:
            ValueError: A parameter has no annotation, or the docstring tells of one that there is
                not, or has an example that is not JSON.
        """
        make = make_function_tool
        return _kept(fn, cls, lambda: _from(fn, cls, make(cls, *as_function(fn))))

    @classmethod
    def type_from_base_model_type(cls, tool_type: type[BaseModel]) -> type[Self]:
        """Make a class below this one and a tool, or any model; one that is below it stays."""
        if issubclass(tool_type, cls):
            return tool_type
        return _kept(tool_type, cls, lambda: _from(tool_type, cls, _below(tool_type, cls)))

    @classmethod
    def type_from_base_type(cls, base_type: object) -> type[Self]:
        """Make a tool of a type such as ``list[str]``, whose one argument is ``value``."""
        value: Any = (base_type, ...)
        return _below(create_model(getattr(base_type, "__name__", "Value"), value=value), cls)

    @classmethod
    def sdk_call(cls, call_id: str | None, name: str, arguments: str) -> object:
        """Return the SDK's object for a call, whose arguments may be cut off."""
        raise NotImplementedError(f"{cls.__name__} belongs to no provider, whose form is needed")

    @classmethod
    def _arguments_of(cls, tool_call: Any) -> str:
        raise NotImplementedError(f"{cls.__name__} belongs to no provider, whose form is needed")

    @classmethod
    def from_tool_call(cls, tool_call: object, allow_partial: bool = False) -> Self:  # noqa: FBT001, FBT002  # the documented signature
        """Return the tool for one of the SDK's tool calls.

        Args:
            tool_call: The call.
            allow_partial: Take what has come of the arguments, unchecked, ``None`` for the rest.

        Raises:
            ToolCallError: The arguments are cut off or do not fit.
        """
        make = cls.from_partial_arguments if allow_partial else cls.from_arguments
        return make(cls._arguments_of(tool_call), tool_call)

    @classmethod
    def from_arguments(cls, arguments: str, tool_call: object) -> Self:
        """Return the tool for the text of a call's arguments, and the SDK's object of it.

        Raises:
            ToolCallError: The arguments are cut off or do not fit.
        """
        decoded = None
        try:
            decoded = from_text(arguments or "null") or {}
            if not isinstance(decoded, dict):
                raise ValueError("they are not an object")  # noqa: TRY301, TRY004  # told as what the decoder raises is
            return cls.model_validate(cls._with_own(decoded, tool_call))
        except ValueError as error:
            name, details = cls._name(), _details(error, decoded)
            raise ToolCallError(tool_call_problem(name, error), name, arguments, details) from error

    @classmethod
    def _with_own(cls, arguments: Record, tool_call: object) -> dict[str, object]:
        """Return arguments with a tool's own fields, which a model cannot set."""
        own = {"tool_call": tool_call, "delta": None}
        fields = cls.model_fields
        return {**arguments, **{fields[n].alias or n: own[n] for n in own if n in fields}}

    @classmethod
    def from_partial_arguments(
        cls, arguments: str, tool_call: object, delta: str | None = None
    ) -> Self:
        """Return the tool as far as the text of its arguments has come, unchecked.

        Args:
            arguments: The text so far.
            tool_call: The SDK's object of it.
            delta: The newest piece of the text.
        """
        growing = PartialValue(cls)
        with suppress(MalformedJSONError):
            growing.feed(arguments)
        return cls.grown(growing, tool_call, delta)

    @classmethod
    def grown(cls, growing: PartialValue[Self], tool_call: object, delta: str | None) -> Self:
        """Return the tool that has grown so far; see `from_partial_arguments`."""
        so_far = growing.value or partial_type(cls).model_construct()
        return so_far.model_copy(update={"delta": delta, "tool_call": tool_call})


def recipe_of(tool_type: type[BaseTool]) -> Recipe:
    """Return how to make a tool class again."""
    return vars(tool_type).get("__made_of__") or Recipe(tool_type)


def made_by(recipe: Recipe) -> type[BaseTool]:
    """Return the tool class of a recipe."""
    source, kind = recipe
    if kind is None:
        return cast("type[BaseTool]", source)
    if isinstance(source, type):
        return kind.type_from_base_model_type(cast("type[BaseModel]", source))
    return kind.type_from_fn(cast("Callable[..., object]", source))


def _from(source: object, kind: type[BaseTool], made: type[ToolT]) -> type[ToolT]:
    made.__made_of__ = Recipe(source, kind)
    return made


def _blank(recipe: Recipe) -> BaseTool:
    made = made_by(recipe)
    return made.__new__(made)


def name_of(tool_type: type[BaseTool]) -> str:
    """Return the name that models call a tool by."""
    return tool_type._name()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # v1 documents it so


def all_tools(
    tools: Sequence[type[BaseTool]], call_params: Mapping[str, object]
) -> dict[str, object]:
    """Return a request's ``tools``: those of the call, and those that its parameters add."""
    added = cast("Sequence[object]", call_params.get("tools") or ())
    every = [*(tool.tool_schema() for tool in tools), *added]
    return {"tools": every} if every else {}


def arguments_of(tool: BaseTool) -> str:
    """Return the JSON text of a tool's arguments, as it came if it did."""
    made = getattr(tool, "tool_call", None)
    if made is None:
        return to_json(tool.args).decode()
    return tool._arguments_of(made)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # each provider's own


def arguments_so_far(text: str) -> dict[str, Any]:
    """Decode what has come of a JSON object; text that is none is an empty one.

    >>> arguments_so_far('{"title": "Em')
    {'title': 'Em'}
    """
    try:
        decoded = from_text(text or "{}", allow_partial="trailing-strings")
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def tool_call_problem(name: str, error: ValueError) -> str:
    """Say what is wrong with a tool call's arguments."""
    if isinstance(error, ValidationError):
        return f"the arguments for the tool {name} do not fit: {details(error)}"
    return f"the arguments for the tool {name} cannot be read: {error}"


def _details(error: ValueError, arguments: JSON) -> list[ErrorDetails]:
    """Return what pydantic found wrong with a tool call's arguments, as plain values."""
    if not isinstance(error, ValidationError):
        return []
    found = error.errors(include_url=False, include_context=False)
    for one in found:  # where all arguments are meant, pydantic has the tool's own fields there too
        one["input"] = one["input"] if is_plain(one["input"]) else arguments
    return found


def make_function_tool(
    base: type[ToolT],
    function: Callable[..., Any],
    documentation: Documentation,
    name: str | None = None,
) -> type[ToolT]:
    """Make a tool of a function, below a class; see `BaseTool.type_from_fn`.

    Args:
        base: The class.
        function: The function.
        documentation: What its docstring says.
        name: The tool's name, by default the function's.
    """
    fields = fields_of(function, documentation, base)
    if "delta" in fields.renamed.values():  # the tool's own gets out of the parameter's way
        fields.definitions["delta"] = (_Delta, Field(None, alias="\0delta"))
    behaviour = {
        "call": _call_of(function, fields.positional),
        "model_config": _with_examples(documentation.examples),
        "__renamed__": fields.renamed,
    }
    return create_model(
        name or function.__name__,
        __base__=cast("tuple[type[ToolT], ...]", (type("_Function", (), behaviour), base)),
        __doc__=documentation.description or _UNDESCRIBED,
        __module__=function.__module__,
        **fields.definitions,
    )


def _call_of(function: Callable[..., Any], positional: tuple[str, ...]) -> Callable[..., object]:
    def arguments(tool: BaseTool) -> tuple[list[object], dict[str, object]]:
        named = tool.args
        return [named.pop(name) for name in positional], named

    def call(self: BaseTool) -> object:
        by_position, named = arguments(self)
        return function(*by_position, **named)

    async def acall(self: BaseTool) -> object:
        by_position, named = arguments(self)
        return await function(*by_position, **named)

    return acall if inspect.iscoroutinefunction(function) else call


def _with_examples(examples: list[object]) -> ConfigDict:
    extra = cast("dict[str, Any]", {"examples": examples})
    return ConfigDict(json_schema_extra=extra) if examples else ConfigDict()


def _below(tool_type: type[BaseModel], kind: type[ToolT]) -> type[ToolT]:
    if issubclass(tool_type, BaseTool):
        if "tool_call" in tool_type.model_fields:
            raise TypeError(f"the tool {tool_type.__name__} is another provider's")
        bases: tuple[type, ...] = (tool_type, kind)
    else:
        bases = (tool_type, type("_Model", (), {"call": _arguments}), kind)
    return create_model(
        tool_type.__name__,
        __base__=cast("tuple[type[ToolT], ...]", bases),
        __doc__=tool_type.__doc__,
        __module__=tool_type.__module__,
    )


def _arguments(self: BaseTool) -> dict[str, object]:
    """Return the arguments, which are the answer where a model is asked for as a tool."""
    return self.args


class _Made(dict[Hashable, T]):
    """What was made of a class or function; it stays behind when that is pickled by value."""

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return _Made, ()


def _kept(source: object, key: Hashable, make: Callable[[], T]) -> T:
    """Make something of a class or callable once; methods, builtins and others can keep nothing."""
    try:
        made = cast("_Made[T] | None", vars(source).get(_KEPT))
        if made is None:
            made = _Made[T]()
            setattr(source, _KEPT, made)
    except (AttributeError, TypeError, ValueError):
        return make()
    if key not in made:
        made.setdefault(key, make())
    return made[key]


@runtime_checkable
class ToolMaker(Protocol):
    """What holds several tools: a toolkit."""

    def create_tools(self) -> list[type[BaseTool]]:
        """Return the tools."""
        ...


def tool_types_of(tools: Iterable[object], kind: type[ToolT]) -> list[type[ToolT]]:
    """Return a provider's tool classes for what a user gives as tools.

    Args:
        tools: Tool classes, functions and other callables, and toolkits.
        kind: The provider's class of tools.

    Raises:
        TypeError: Something is none of these, or another provider's.
        ValueError: Two tools have one name, or a function cannot be a tool.
    """
    found: dict[str, type[ToolT]] = {}
    for tool in tools:
        for tool_type in _types_of(tool, kind):
            name = name_of(tool_type)
            if found.setdefault(name, tool_type) is not tool_type:
                raise ValueError(f"two tools have the name {name!r}")
    return list(found.values())


def _types_of(tool: object, kind: type[ToolT]) -> list[type[ToolT]]:
    if isinstance(tool, type):
        if issubclass(tool, BaseTool):
            return [kind.type_from_base_model_type(tool)]
    elif isinstance(tool, ToolMaker):
        return [kind.type_from_base_model_type(one) for one in tool.create_tools()]
    elif callable(tool):
        return [kind.type_from_fn(tool)]
    if isinstance(tool, Mapping | BaseModel):
        raise TypeError(
            "`tools` takes functions, tool classes and toolkits; a tool in the provider's own form "
            'goes into `call_params={"tools": [...]}`'
        )
    raise TypeError(f"neither a tool class nor a function nor a toolkit: {tool!r}")
