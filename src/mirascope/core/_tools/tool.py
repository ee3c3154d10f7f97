"""Tools: classes that describe a function to the model, and whose instances are tool calls.

A tool of a response is an instance of the user's class and of the provider's. The class that
derives from both is created once and cached on the user's class or function.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Self, cast

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema, JsonSchemaMode
from pydantic_core import ErrorDetails, to_json
from typing_extensions import TypedDict, TypeVar, override

from mirascope.core._errors.redaction import is_plain
from mirascope.core._errors.sdk_errors import details
from mirascope.core._structured.partial_types import partial_type
from mirascope.core._structured.partial_value import MalformedJSONError, PartialValue
from mirascope.core._tools.callables import as_function
from mirascope.core._tools.class_cache import cached_on
from mirascope.core._tools.function_tools import DEFAULT_DESCRIPTION, DeltaText, make_function_tool
from mirascope.core._tools.json_schema import GenerateJsonSchemaNoTitles
from mirascope.core._wire.events import JSON, Record
from mirascope.core._wire.json_fields import fields
from mirascope.core._wire.json_text import from_text
from mirascope.errors import ToolCallError

ToolT = TypeVar("ToolT", bound="BaseTool")

_NO_ARGUMENTS: Final = frozenset({"tool_call", "delta"})
_NO_PROVIDER: Final = (
    "{} belongs to no provider: derive from a provider's class, such as OpenAITool"
)


class Recipe(NamedTuple):
    """How to create a derived tool class again, by which such a class is pickled.

    Attributes:
        source: The class or function that it is derived from; or the tool class itself.
        kind: The provider's base class of tools; ``None`` for the tool class itself.
    """

    source: Any
    kind: type[BaseTool] | None = None


class ToolConfig(TypedDict, total=False):
    """Settings of a tool. Each provider has a subclass with the keys that it supports."""


class BaseTool(BaseModel, ABC):
    """A tool call: its fields are the arguments.

    The class's name (or ``__custom_name__``) is the tool's name, and its docstring the description.
    If a field has a default and a type that JSON does not have, the model does not see it.

    >>> class GetAuthor(BaseTool):
    ...     '''Returns the author of a book.'''
    ...     title: str
    ...     def call(self) -> str:
    ...         return f"the author of {self.title}"
    >>> GetAuthor(title="Emma").args
    {'title': 'Emma'}

    Attributes:
        delta: The newest fragment of the arguments' JSON, on tools with incomplete arguments.
        id: The provider's id for the call; ``None`` if there is none.
    """

    model_config = ConfigDict(protected_namespaces=(), arbitrary_types_allowed=True)

    delta: DeltaText = None

    tool_config: ClassVar[ToolConfig] = ToolConfig()
    __provider__: ClassVar[str] = "BaseTool"
    __tool_config_type__: ClassVar[type[ToolConfig]] = ToolConfig
    __custom_name__: ClassVar[str] = ""
    __renamed__: ClassVar[Mapping[str, str]] = {}
    __recipe__: ClassVar[Recipe | None] = None

    if TYPE_CHECKING:

        @property
        def id(self) -> str | None:
            """The provider's id for the call, unless the tool has an argument of that name."""
            ...

    else:  # leaves the name free for a field

        def __getattr__(self, name: str) -> object:
            if name == "id":
                return self._id_of(getattr(self, "tool_call", None)) or None
            return super().__getattr__(name)

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to pickle it: its class, which may be a derived one, by recipe."""
        return _new_instance, (recipe_of(type(self)),), self.__getstate__()

    @abstractmethod
    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Run the tool and return its output; for an ``async def``, return a coroutine.

        The return type is that of your method; here it is ``Any``, as a tool can be sync or async.
        """

    @property
    def args(self) -> dict[str, object]:
        """The arguments by name."""
        values = vars(self)
        reserved = _NO_ARGUMENTS - self.__renamed__.keys()
        return {
            self.__renamed__.get(name, name): values[name]
            for name in type(self).model_fields
            if name not in reserved and name in values
        }

    @classmethod
    def _name(cls) -> str:
        return cls.__custom_name__ or cls.__name__

    @classmethod
    def _description(cls) -> str:
        return inspect.cleandoc(cls.__doc__ or "") or DEFAULT_DESCRIPTION

    @classmethod
    def tool_schema(cls) -> object:
        """Return the tool in the provider's format, for ``tools=[...]`` of the SDK.

        Raises:
            NotImplementedError: The class belongs to no provider.
        """
        raise NotImplementedError(_NO_PROVIDER.format(cls.__name__))

    @classmethod
    def parameters_schema(cls) -> dict[str, object]:
        """Return the JSON schema of the arguments, without the tool's own description."""
        cls.warn_for_unsupported_configurations()

        def make() -> dict[str, object]:
            schema = cls.model_json_schema()
            schema.pop("description", None)
            return schema

        return copy.deepcopy(cached_on(cls, "schema", make))

    @classmethod
    def warn_for_unsupported_configurations(cls) -> None:
        """Warn about settings that the tool's provider ignores."""
        configured = {*cls.tool_config, *(["strict"] if cls.model_config.get("strict") else ())}
        for name in sorted(configured - cls.__tool_config_type__.__annotations__.keys()):
            warnings.warn(
                f"{cls.__provider__} does not support {name!r} in the settings of a tool or a "
                f"response model: the value in {cls.__name__} is ignored",
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
        """Make a tool class from a function. Its docstring describes the tool and the parameters.

        Other callables work too: an instance with ``__call__`` has the name and docstring of its
        class; a `functools.partial` has those of its function, without the bound parameters.

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
            ValueError: A parameter has no type annotation; or the docstring has a parameter that
                the function does not have, or an example that is not JSON.
        """
        return cached_on(
            fn, cls, lambda: _with_recipe(fn, cls, make_function_tool(cls, *as_function(fn)))
        )

    @classmethod
    def type_from_base_model_type(cls, tool_type: type[BaseModel]) -> type[Self]:
        """Return a subclass of this class and of a tool class or model."""
        if issubclass(tool_type, cls):
            return tool_type
        return cached_on(
            tool_type, cls, lambda: _with_recipe(tool_type, cls, _derived(tool_type, cls))
        )

    @classmethod
    def type_from_base_type(cls, base_type: object) -> type[Self]:
        """Make a tool class with one argument, ``value``, of a type such as ``list[str]``."""
        value: Any = (base_type, ...)
        return _derived(create_model(getattr(base_type, "__name__", "Value"), value=value), cls)

    @classmethod
    def sdk_call(cls, call_id: str | None, name: str, arguments: str) -> object:
        """Return the SDK's object for a call, whose arguments may be incomplete."""
        raise NotImplementedError(_NO_PROVIDER.format(cls.__name__))

    @classmethod
    def _id_of(cls, tool_call: Any) -> str | None:
        """Return the id of a call that its result refers to."""
        return getattr(tool_call, "id", None)

    @classmethod
    def _arguments_of(cls, tool_call: Any) -> str:
        raise NotImplementedError(_NO_PROVIDER.format(cls.__name__))

    @classmethod
    def from_tool_call(cls, tool_call: object, allow_partial: bool = False) -> Self:  # noqa: FBT001, FBT002  # the documented signature
        """Return the tool for one of the SDK's tool calls.

        Args:
            tool_call: The SDK's object.
            allow_partial: Whether to accept incomplete arguments: unvalidated, missing ones
                ``None``.

        Raises:
            ToolCallError: The arguments are incomplete or invalid.
        """
        make = cls.from_partial_arguments if allow_partial else cls.from_arguments
        return make(cls._arguments_of(tool_call), tool_call)

    @classmethod
    def from_arguments(cls, arguments: str, tool_call: object) -> Self:
        """Return the tool for the JSON text of a call's arguments, and the SDK's object.

        Raises:
            ToolCallError: The arguments are incomplete or invalid.
        """
        decoded = None
        try:
            decoded = from_text(arguments or "null") or {}
            if not isinstance(decoded, dict):
                raise ValueError("they are not a JSON object")  # noqa: TRY301, TRY004  # handled as the decoder's errors are
            return cls.model_validate(cls._with_call(decoded, tool_call))
        except ValueError as error:
            name, details = cls._name(), cls._details(error, decoded)
            raise ToolCallError(tool_call_problem(name, error), name, arguments, details) from error

    @classmethod
    def _with_call(cls, arguments: Record, tool_call: object) -> dict[str, object]:
        """Return arguments with the reserved fields, which a model cannot set."""
        reserved = {"tool_call": tool_call, "delta": None}
        fields = cls.model_fields
        return {**arguments, **{fields[n].alias or n: reserved[n] for n in reserved if n in fields}}

    @classmethod
    def _details(cls, error: ValueError, arguments: JSON) -> list[ErrorDetails]:
        """Return pydantic's errors for a tool call's arguments, with plain values as inputs."""
        if not isinstance(error, ValidationError):
            return []
        found = error.errors(include_url=False, include_context=False)
        reserved = cls._with_call({}, None).keys()
        for each in found:
            given = each["input"]
            whole = reserved <= fields(given).keys()  # the input of an error of the whole model
            each["input"] = given if is_plain(given) and not whole else arguments
        return found

    @classmethod
    def from_partial_arguments(
        cls, arguments: str, tool_call: object, delta: str | None = None
    ) -> Self:
        """Return the tool for incomplete arguments, which are not validated.

        Args:
            arguments: The received part of the JSON text.
            tool_call: The SDK's object for the call.
            delta: The newest fragment of the text.
        """
        value = PartialValue(cls)
        with suppress(MalformedJSONError):
            value.feed(arguments)
        return cls.from_partial_value(value, tool_call, delta)

    @classmethod
    def from_partial_value(
        cls, value: PartialValue[Self], tool_call: object, delta: str | None
    ) -> Self:
        """Return the tool for arguments that are being parsed; see `from_partial_arguments`."""
        partial = value.value or partial_type(cls).model_construct()
        return partial.model_copy(update={"delta": delta, "tool_call": tool_call})


def recipe_of(tool_type: type[BaseTool]) -> Recipe:
    """Return how to create a tool class again."""
    return vars(tool_type).get("__recipe__") or Recipe(tool_type)


def tool_type_of(recipe: Recipe) -> type[BaseTool]:
    """Return the tool class of a recipe."""
    source, kind = recipe
    if kind is None:
        return cast("type[BaseTool]", source)
    if isinstance(source, type):
        return kind.type_from_base_model_type(cast("type[BaseModel]", source))
    return kind.type_from_fn(cast("Callable[..., object]", source))


def _with_recipe(source: object, kind: type[BaseTool], tool_type: type[ToolT]) -> type[ToolT]:
    tool_type.__recipe__ = Recipe(source, kind)
    return tool_type


def _new_instance(recipe: Recipe) -> BaseTool:
    tool_type = tool_type_of(recipe)
    return tool_type.__new__(tool_type)


def name_of(tool_type: type[BaseTool]) -> str:
    """Return the name by which models call a tool."""
    return tool_type._name()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # v1 documents it so


def description_of(tool_type: type[BaseTool]) -> str:
    """Return the description that the model sees of a tool."""
    return tool_type._description()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as above


def all_tools(
    tools: Sequence[type[BaseTool]], call_params: Mapping[str, object]
) -> dict[str, object]:
    """Return a request's ``tools``: those of the call, then those of its parameters."""
    extra = cast("Sequence[object]", call_params.get("tools") or ())
    combined = [*(tool.tool_schema() for tool in tools), *extra]
    return {"tools": combined} if combined else {}


def arguments_of(tool: BaseTool) -> str:
    """Return the JSON text of a tool's arguments, for a received call word for word."""
    tool_call = getattr(tool, "tool_call", None)
    if tool_call is None:
        return to_json(tool.args).decode()
    return tool._arguments_of(tool_call)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # each provider's own


def arguments_so_far(text: str) -> dict[str, Any]:
    """Decode an incomplete JSON object; malformed text counts as an empty object.

    >>> arguments_so_far('{"title": "Em')
    {'title': 'Em'}
    """
    try:
        decoded = from_text(text or "{}", allow_partial="trailing-strings")
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def tool_call_problem(name: str, error: ValueError) -> str:
    """Return the error message for a tool call's arguments."""
    if isinstance(error, ValidationError):
        return f"the arguments for the tool {name} are invalid: {details(error)}"
    return f"the arguments for the tool {name} cannot be read: {error}"


def _derived(tool_type: type[BaseModel], kind: type[ToolT]) -> type[ToolT]:
    """Create a subclass of a model, or of a tool class, and of a provider's base class."""
    if issubclass(tool_type, BaseTool):
        if "tool_call" in tool_type.model_fields:
            raise TypeError(f"the tool {tool_type.__name__} belongs to another provider")
        bases: tuple[type, ...] = (tool_type, kind)
    else:
        bases = (tool_type, type("_Model", (), {"call": _model_call}), kind)
    return create_model(
        tool_type.__name__,
        __base__=cast("tuple[type[ToolT], ...]", bases),
        __doc__=tool_type.__doc__,
        __module__=tool_type.__module__,
    )


def _model_call(self: BaseTool) -> dict[str, object]:
    """Return the arguments: the ``call`` of a response model that is requested as a tool."""
    return self.args
