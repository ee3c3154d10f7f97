"""Tools, classes and functions, in every provider's format."""

from __future__ import annotations

import enum
import json
from typing import Any, Literal

import pytest
from anthropic.types import ToolParam
from cohere import ToolV2
from google.genai import types
from google.genai.types import Tool as GeminiToolParam
from groq.types.chat import ChatCompletionToolParam
from mistralai.client.models import Tool as MistralToolParam
from openai.types.chat import ChatCompletionFunctionToolParam
from pydantic import BaseModel, Field, TypeAdapter

from mirascope.core import BaseTool
from mirascope.core._tools.json_schema import strict_schema
from mirascope.core._tools.tool_types import tool_types_of
from mirascope.core.anthropic import AnthropicTool, AnthropicToolConfig
from mirascope.core.base.tool import ToolConfig
from mirascope.core.cohere import CohereTool
from mirascope.core.gemini import GeminiTool
from mirascope.core.groq import GroqTool
from mirascope.core.mistral import MistralTool
from mirascope.core.openai import OpenAITool, OpenAIToolConfig
from mirascope.errors import ToolCallError

FORMS: dict[type[BaseTool], Any] = {
    AnthropicTool: ToolParam,
    CohereTool: ToolV2,
    GeminiTool: GeminiToolParam,
    GroqTool: ChatCompletionToolParam,
    MistralTool: MistralToolParam,
    OpenAITool: ChatCompletionFunctionToolParam,
}
every_provider = pytest.mark.parametrize("kind", FORMS, ids=lambda kind: kind.__name__)


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


class Shelve(BaseTool):
    """Shelves boxes in boxes."""

    inner: Shelve | None = Field(None, description="The box inside.")

    def call(self) -> int:
        return 1 + (self.inner.call() if self.inner else 0)


class Nothing(BaseTool):
    def call(self) -> str:
        return "nothing"


def get_author(title: str, *, language: Literal["nl", "en"] = "en") -> str:
    """Returns the author of a book.

    Looks far.

    Args:
        title: The book's title.
        language: What to answer in.

    Returns:
        The author.

    Example:
        {"title": "Emma", "language": "en"}

        {"title": "Max Havelaar"}
    """
    return f"{title} ({language})"


def reported(kind: type[BaseTool], tool: type[BaseTool]) -> tuple[str, str, dict[str, Any] | None]:
    """Return the name, description and parameters in a provider's schema."""
    schema: Any = tool.tool_schema()
    assert TypeAdapter(FORMS[kind]).validate_python(schema)
    if kind is GeminiTool:
        (declaration,) = schema.function_declarations
        return declaration.name, declaration.description, declaration.parameters_json_schema
    if kind is AnthropicTool:
        return schema["name"], schema["description"], schema["input_schema"]
    data = schema if isinstance(schema, dict) else schema.model_dump()
    assert data["type"] == "function"
    function = data["function"]
    return function["name"], function["description"], function.get("parameters")


@every_provider
def test_a_class_has_a_schema_in_the_provider_s_format(kind: type[BaseTool]) -> None:
    name, description, parameters = reported(kind, kind.type_from_base_model_type(FormatBook))
    assert (name, description) == ("FormatBook", "Formats a book.")
    assert parameters is not None
    assert list(parameters["properties"]) == ["title", "author", "shelf"]
    assert parameters["properties"]["title"] == {
        "type": "string",
        "description": "The title.",
        "examples": ["Emma"],
    }
    assert parameters["required"] == ["title", "author"]
    assert parameters["$defs"]["Author"]["properties"]["name"] == {"type": "string"}
    assert parameters["$defs"]["Shelf"]["enum"] == ["low", "high"]
    assert "description" not in parameters


@every_provider
def test_a_function_has_a_schema_in_the_provider_s_format(kind: type[BaseTool]) -> None:
    name, description, parameters = reported(kind, kind.type_from_fn(get_author))
    assert (name, description) == ("get_author", "Returns the author of a book.\n\nLooks far.")
    assert parameters == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "The book's title."},
            "language": {
                "type": "string",
                "enum": ["nl", "en"],
                "default": "en",
                "description": "What to answer in.",
            },
        },
        "required": ["title"],
        "examples": [{"title": "Emma", "language": "en"}, {"title": "Max Havelaar"}],
    }


@every_provider
def test_a_recursive_class_has_an_object_schema(kind: type[BaseTool]) -> None:
    parameters = reported(kind, kind.type_from_base_model_type(Shelve))[2]
    assert parameters is not None
    assert parameters["type"] == "object"
    assert list(parameters["properties"]) == ["inner"]
    assert "$ref" not in parameters
    assert strict_schema(Shelve)["required"] == ["inner"]


@every_provider
def test_a_tool_without_parameters_has_an_empty_schema(kind: type[BaseTool]) -> None:
    parameters = reported(kind, kind.type_from_base_model_type(Nothing))[2]
    if kind in (GeminiTool, GroqTool, OpenAITool):
        assert parameters is None
    else:
        assert parameters == {"type": "object", "properties": {}}


@every_provider
def test_a_call_becomes_an_instance_of_the_user_s_class_and_the_provider_s(
    kind: type[BaseTool],
) -> None:
    tool_type = kind.type_from_base_model_type(FormatBook)
    text = json.dumps({"title": "Emma", "author": {"name": "Austen"}, "shelf": "high", "delta": 1})
    call = kind.sdk_call("id-1", "FormatBook", text)
    tool: Any = tool_type.from_tool_call(call)
    assert isinstance(tool, FormatBook)
    assert isinstance(tool, kind)
    assert tool.tool_call is call
    assert tool.tool_call.id == "id-1"
    assert tool.delta is None
    assert tool.args == {"title": "Emma", "author": Author(name="Austen"), "shelf": Shelf.HIGH}
    assert tool.call() == "Emma by Austen"
    assert tool_type.from_arguments(text, call) == tool


@every_provider
def test_a_cut_off_call_is_an_error_or_a_partial_tool(kind: type[BaseTool]) -> None:
    tool_type = kind.type_from_base_model_type(FormatBook)
    text = '{"title": "Em'
    call = kind.sdk_call(None, "FormatBook", text)
    with pytest.raises(ToolCallError, match=r"FormatBook cannot be read: EOF") as caught:
        tool_type.from_arguments(text, call)
    assert (caught.value.tool_name, caught.value.arguments) == ("FormatBook", text)
    tool = tool_type.from_partial_arguments(text, call, delta="Em")
    assert isinstance(tool, kind)
    assert (tool.delta, tool.args) == (
        "Em",
        {"title": "Em", "author": None, "shelf": None},
    )
    partial: Any = tool_type.from_tool_call(call, allow_partial=True)
    assert partial.title == "Em"


@every_provider
def test_a_call_without_arguments_is_valid(kind: type[BaseTool]) -> None:
    tool_type = kind.type_from_base_model_type(Nothing)
    assert tool_type.from_tool_call(kind.sdk_call("i", "Nothing", "")).args == {}
    assert tool_type.from_arguments("", kind.sdk_call("i", "Nothing", "")).call() == "nothing"


@every_provider
def test_classes_and_schemas_are_made_once(kind: type[BaseTool]) -> None:
    one = kind.type_from_base_model_type(FormatBook)
    assert kind.type_from_base_model_type(FormatBook) is one
    assert kind.type_from_base_model_type(one) is one
    assert kind.type_from_fn(get_author) is kind.type_from_fn(get_author)
    one.parameters_schema().clear()
    assert one.parameters_schema()


def test_a_function_is_called_with_its_arguments() -> None:
    def function(
        first: int, /, model_name: str, schema: str, copy: list[Author], _hidden: int = 3
    ) -> object:
        """Does something."""
        return first, model_name, schema, copy, _hidden

    tool_type = OpenAITool.type_from_fn(function)
    names = ["first", "model_name", "schema", "copy", "_hidden"]
    assert list(reported(OpenAITool, tool_type)[2]["properties"]) == names
    arguments = {"first": 1, "model_name": "m", "schema": "s", "copy": [{"name": "A"}]}
    tool = tool_type.from_arguments(json.dumps(arguments), OpenAITool.sdk_call("i", "f", ""))
    assert list(tool.args) == names
    assert tool.call() == (1, "m", "s", [Author(name="A")], 3)


def reserved(call: int, args: int, json: int, *, delta: int, model_config: int) -> object:
    return call, args, json, delta, model_config


@pytest.mark.parametrize("kind", [BaseTool, *FORMS])
def test_a_parameter_may_have_a_name_that_the_class_needs(kind: type[BaseTool]) -> None:
    base = BaseTool.type_from_fn(reserved)
    names = ["call", "args", "json", "delta", "model_config"]
    arguments = {name: number for number, name in enumerate(names)}
    for tool_type in (kind.type_from_fn(reserved), kind.type_from_base_model_type(base)):
        assert list(tool_type.parameters_schema()["properties"]) == names
        call = None if kind is BaseTool else kind.sdk_call("i", "reserved", "")
        tool = tool_type.from_arguments(json.dumps(arguments), call)
        assert tool.args == arguments
        assert tool.call() == (0, 1, 2, 3, 4)
        tool.delta = "piece"
        assert tool.args == arguments


def test_a_tool_without_a_docstring_has_a_description() -> None:
    def function(title: str) -> str:
        return title

    assert reported(GroqTool, GroqTool.type_from_fn(function))[1]
    assert reported(GroqTool, GroqTool.type_from_base_model_type(Nothing))[1]


def test_a_tool_may_have_a_custom_name() -> None:
    class Named(Nothing):
        __custom_name__ = "other"

    assert reported(CohereTool, CohereTool.type_from_base_model_type(Named))[0] == "other"


@every_provider
@pytest.mark.parametrize("base_type", [list[str], int, Literal["a", "b"], Shelf, int | str])
def test_a_type_as_a_tool(kind: type[BaseTool], base_type: Any) -> None:
    tool_type = kind.type_from_base_type(base_type)
    parameters = reported(kind, tool_type)[2]
    assert parameters is not None
    assert list(parameters["properties"]) == parameters["required"] == ["value"]
    value = {"list": ["a"], "int": 1, "Literal": "b", "Shelf": "low"}.get(tool_type.__name__, "x")
    tool = tool_type.from_arguments(json.dumps({"value": value}), kind.sdk_call("i", "n", ""))
    assert tool.call() == {"value": TypeAdapter(base_type).validate_python(value)}


@every_provider
def test_a_plain_model_as_a_tool(kind: type[BaseTool]) -> None:
    tool_type = kind.type_from_base_model_type(Author)
    tool: Any = tool_type.from_arguments('{"name": "Austen"}', kind.sdk_call("i", "Author", ""))
    assert isinstance(tool, Author)
    assert tool.args == {"name": "Austen", "born": None}


@every_provider
def test_classes_and_functions_are_tools(kind: type[BaseTool]) -> None:
    found = tool_types_of([FormatBook, get_author, kind.type_from_fn(length)], kind)
    assert [one.__name__ for one in found] == ["FormatBook", "get_author", "length"]
    assert all(issubclass(one, kind) for one in found)


def length(text: str) -> int:
    return len(text)


def test_other_values_are_no_tools() -> None:
    other = BaseTool.type_from_fn(get_author)
    with pytest.raises(ValueError, match="two tools have the name 'get_author'"):
        tool_types_of([get_author, other], OpenAITool)
    for wrong in ("text", Author):
        with pytest.raises(TypeError, match="needs functions, tool classes or toolkits"):
            tool_types_of([wrong], OpenAITool)
    for theirs in ({"type": "function"}, types.Tool(google_search=types.GoogleSearch())):
        with pytest.raises(TypeError, match="call_params"):
            tool_types_of([theirs], OpenAITool)
    with pytest.raises(TypeError, match="get_author belongs to another provider"):
        tool_types_of([GroqTool.type_from_fn(get_author)], OpenAITool)


def test_openai_s_strict_tools() -> None:
    class Strict(FormatBook):
        tool_config = OpenAIToolConfig(strict=True)

    schema = OpenAITool.type_from_base_model_type(Strict).tool_schema()
    function: Any = TypeAdapter(ChatCompletionFunctionToolParam).validate_python(schema)["function"]
    assert function["strict"] is True
    parameters = function["parameters"]
    assert parameters["required"] == ["title", "author", "shelf"]
    assert parameters["additionalProperties"] is False
    assert parameters["$defs"]["Author"]["required"] == ["name", "born"]
    assert parameters["$defs"]["Author"]["additionalProperties"] is False
    assert "default" not in json.dumps(parameters)


def test_anthropic_s_cached_tools() -> None:
    class Cached(FormatBook):
        tool_config = AnthropicToolConfig(cache_control={"type": "ephemeral"})

    schema: Any = AnthropicTool.type_from_base_model_type(Cached).tool_schema()
    assert TypeAdapter(ToolParam).validate_python(schema)["cache_control"] == {"type": "ephemeral"}
    assert ToolConfig() == {}
