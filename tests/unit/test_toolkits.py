"""Toolkits: tools that are methods of one object."""

from __future__ import annotations

import inspect
from typing import Any

import anyio
import pytest
from pydantic import BaseModel

from mirascope.core import BaseTool, BaseToolKit, toolkit_tool
from mirascope.core._tools.tool_types import tool_types_of


class Reader(BaseModel):
    name: str


class Library(BaseToolKit):
    __namespace__ = "town_library"

    reader: Reader
    price: float = 1.5

    @toolkit_tool
    def get_author(self, title: str) -> str:
        """Returns an author for {self.reader.name}, as {"json": 1}.

        Args:
            title: A book below {self.price:.2f}.
        """
        return f"{title} for {self.reader.name}"

    @toolkit_tool
    async def lend(self, title: str) -> str:
        """Lends a book."""
        return title

    def burn(self) -> None:
        """Is no tool."""


class Town(Library):
    @toolkit_tool
    def get_author(self, title: str) -> str:
        """Asks around."""
        return title


def test_marked_methods_are_tools() -> None:
    author, lend = Library(reader=Reader(name="{self.price} Args:")).create_tools()
    assert (author.__name__, lend.__name__) == ("town_library_get_author", "town_library_lend")
    assert author.__doc__ == 'Returns an author for {self.price} Args:, as {"json": 1}.'
    properties: Any = author.parameters_schema()["properties"]
    assert properties["title"]["description"] == "A book below 1.50."
    assert list(properties) == ["title"]


def test_tools_are_bound_to_their_toolkit() -> None:
    ann, bob = (Library(reader=Reader(name=name)) for name in ("Ann", "Bob"))
    for kit, expected in ((ann, "Emma for Ann"), (bob, "Emma for Bob")):
        author, lend = tool_types_of([kit], BaseTool)
        assert author.from_arguments('{"title": "Emma"}', None).call() == expected
        lending = lend.from_arguments('{"title": "Emma"}', None)
        assert inspect.iscoroutinefunction(lending.call)
        assert anyio.run(lending.call) == "Emma"


def test_a_toolkit_or_its_tools_can_be_given() -> None:
    kit = Library(reader=Reader(name="Ann"))
    names = [one.__name__ for one in tool_types_of([kit], BaseTool)]
    assert names == [one.__name__ for one in tool_types_of(kit.create_tools(), BaseTool)]
    assert names == ["town_library_get_author", "town_library_lend"]


def test_a_toolkit_inherits_tools() -> None:
    author, lend = Town(reader=Reader(name="Ann")).create_tools()
    assert (author.__doc__, lend.__doc__) == ("Asks around.", "Lends a book.")


def test_a_toolkit_needs_no_namespace() -> None:
    class Plain(BaseToolKit):
        @toolkit_tool
        def look(self) -> str:
            """Looks."""
            return "seen"

    (look,) = Plain().create_tools()
    assert issubclass(look, BaseTool)
    assert look.__name__ == "look"
    assert look().call() == "seen"


def test_a_namespace_belongs_to_one_toolkit() -> None:
    with pytest.raises(ValueError, match="Library already has the namespace 'town_library'"):

        class Other(Library):
            __namespace__ = "town_library"

        assert Other


def test_a_toolkit_may_be_defined_again() -> None:
    def define() -> type[BaseToolKit]:
        class Again(BaseToolKit):
            __namespace__ = "again"

            @toolkit_tool
            def look(self) -> str:
                """Looks."""
                return "seen"

        return Again

    assert define() is not define()


def test_a_toolkit_s_tool_needs_a_docstring() -> None:
    def look(self: BaseToolKit) -> None: ...

    with pytest.raises(ValueError, match=r"look needs a docstring"):
        toolkit_tool(look)
