"""Tools made of functions, callables, types and models, whatever the provider."""

from __future__ import annotations

import copy
import enum
import functools
import gc
import inspect
import pickle
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import anyio
import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mirascope.core import BaseTool
from mirascope.core._tools.json_schema import strict_schema
from mirascope.core._tools.tool import tool_call_problem
from mirascope.core._tools.tool_types import tool_types_of
from mirascope.errors import ToolCallError


class Shelf(enum.Enum):
    LOW = "low"
    HIGH = "high"


class Author(BaseModel):
    name: str
    born: int | None = None


class FormatBook(BaseTool):
    """Formats a book."""

    title: str = Field(..., description="The title.", examples=["Emma"])
    author: Author
    shelf: Shelf = Shelf.LOW

    def call(self) -> str:
        return f"{self.title} by {self.author.name}"


def test_arguments_that_do_not_fit() -> None:
    text = '{"title": 1, "author": {}}'
    with pytest.raises(ToolCallError, match=r"FormatBook are invalid: title: .*author\.name") as e:
        FormatBook.from_arguments(text, None)
    assert isinstance(e.value.__cause__, ValidationError)
    assert str(e.value) == tool_call_problem("FormatBook", e.value.__cause__)
    with pytest.raises(ToolCallError, match="not a JSON object"):
        FormatBook.from_arguments("[1]", None)


def test_classes_live_as_long_as_what_they_are_made_of() -> None:
    def function(title: str) -> str:
        return title

    made = weakref.ref(BaseTool.type_from_fn(function))
    gc.collect()
    assert made() is not None
    del function
    gc.collect()
    assert made() is None


def test_an_async_function_gives_an_async_call() -> None:
    async def function(title: str) -> str:
        return title

    tool: Any = BaseTool.type_from_fn(function)(title="Emma")
    assert inspect.iscoroutinefunction(tool.call)
    assert anyio.run(tool.call) == "Emma"


def test_a_function_s_annotations_count_more_than_its_docstring() -> None:
    def function(
        a: Annotated[int, Field(gt=0, description="Positive.")], b: str = Field(max_length=3)
    ) -> None:
        """Does.

        :param a: Some number.
        :param b: Some text.
        """

    properties: Any = BaseTool.type_from_fn(function).parameters_schema()["properties"]
    assert properties["a"] == {"type": "integer", "exclusiveMinimum": 0, "description": "Positive."}
    assert properties["b"] == {"type": "string", "maxLength": 3, "description": "Some text."}


def unannotated(title) -> None: ...  # noqa: ANN001


def variadic(*titles: str) -> None: ...


def own_name(tool_call: str) -> None: ...


def unknown(title: str) -> None:
    """Does.

    :param titel: Misspelt.
    """


def no_json(title: str) -> None:
    """Does.

    Example:
        title=Emma
    """


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (unannotated, "'title' of unannotated needs a type annotation"),
        (variadic, "'titles' of variadic is variadic"),
        (own_name, "'tool_call' of own_name needs another name"),
        (unknown, "docstring of unknown has a parameter 'titel'"),
        (no_json, "no_json is not JSON: title=Emma"),
    ],
)
def test_a_function_that_cannot_be_a_tool(function: Callable[..., object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        BaseTool.type_from_fn(function)


def test_a_doctest_is_no_example_of_arguments() -> None:
    def function(title: str) -> str:
        """Does.

        Example:
            >>> function("Emma")
            'Emma'
        """
        return title

    assert "examples" not in BaseTool.type_from_fn(function).parameters_schema()


@dataclass
class Shelving:
    """Puts a book on a shelf.

    Args:
        room: Where the shelf is.
        title: The book's title.
        copies: How many there are.
    """

    room: str

    def __call__(self, title: str, copies: int = 1) -> str:
        """Does what the class says."""
        return f"{copies} of {title} in the {self.room}"


@dataclass
class Undescribed:
    async def __call__(self, title: str) -> str:
        """Says a title."""
        return title


class Closed:
    """A callable that nothing can be kept on."""

    __slots__ = ()

    def __call__(self) -> str:
        return "closed"


def shelve(room: str, title: str, key: str = "") -> str:
    """Shelves a book.

    Args:
        room: Where the shelf is.
        title: The book's title.
        key: What opens the shelf.
    """
    return f"{title} in the {room} by {key}"


def test_callables_that_are_no_functions_are_tools() -> None:
    shelf, bound = Shelving("attic"), functools.partial(shelve, "attic", key="a-secret-key")
    nested = functools.partial(Shelving("cellar"), copies=3)
    title = {"type": "string", "description": "The book's title."}
    copies = {"type": "integer", "default": 1, "description": "How many there are."}
    found = tool_types_of([shelf, bound], BaseTool)
    assert [(one._name(), one._description(), one.parameters_schema()) for one in found] == [
        (
            "Shelving",
            "Puts a book on a shelf.",
            {
                "type": "object",
                "properties": {"title": title, "copies": copies},
                "required": ["title"],
            },
        ),
        (
            "shelve",
            "Shelves a book.",
            {"type": "object", "properties": {"title": title}, "required": ["title"]},
        ),
    ]
    made = [BaseTool.type_from_fn(one)(title="Emma") for one in (shelf, bound, nested)]
    assert [tool.call() for tool in made] == [
        "1 of Emma in the attic",
        "Emma in the attic by a-secret-key",
        "3 of Emma in the cellar",
    ]
    assert type(made[2]).__name__ == "Shelving"
    copied = pickle.loads(pickle.dumps(made))  # noqa: S301  # it is our own
    assert [tool.call() for tool in copied] == [tool.call() for tool in made]


def test_a_callable_is_made_a_tool_once_and_copied_without_it() -> None:
    shelf = Shelving("attic")
    made = BaseTool.type_from_fn(shelf)
    assert BaseTool.type_from_fn(shelf) is made
    pickled = pickle.loads(pickle.dumps(shelf))  # noqa: S301  # it is our own
    for copied in (copy.deepcopy(shelf), pickled):
        assert copied == shelf
        assert BaseTool.type_from_fn(copied) is not made
    assert BaseTool.type_from_fn(Closed())().call() == "closed"


def test_an_instance_whose_call_is_async_is_an_async_tool() -> None:
    tool = BaseTool.type_from_fn(Undescribed())(title="Emma")
    assert (tool._name(), tool._description()) == ("Undescribed", "Says a title.")
    assert anyio.run(tool.call) == "Emma"


def test_a_tool_of_no_provider_has_no_form() -> None:
    with pytest.raises(NotImplementedError, match="FormatBook belongs to no provider"):
        FormatBook.tool_schema()


def test_strict_schemas() -> None:
    class Cat(BaseModel):
        kind: Literal["cat"]

    class Dog(BaseModel):
        kind: Literal["dog"]

    class Home(BaseModel):
        model_config = ConfigDict(json_schema_extra={"examples": [{"properties": {}}]})

        pet: Cat | Dog = Field(discriminator="kind")
        owner: Author = Field(description="Who pays.")
        title: dict[str, int] = {}

    schema: Any = strict_schema(Home)
    assert schema["required"] == ["pet", "owner", "title"]
    assert schema["properties"]["pet"] == {
        "anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]
    }
    assert schema["properties"]["owner"] == {
        "anyOf": [{"$ref": "#/$defs/Author"}],
        "description": "Who pays.",
    }
    assert schema["$defs"]["Author"]["required"] == ["name", "born"]
    assert schema["properties"]["title"]["additionalProperties"] == {"type": "integer"}
    assert schema["examples"] == [{"properties": {}}]
