"""What v1 documents of tools and toolkits, of their outputs and errors, and what it warns of."""

from __future__ import annotations

import base64
import json
import pickle
from abc import ABC
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, PrivateAttr, ValidationError

from mirascope import errors, llm
from mirascope.core import (
    BaseTool,
    BaseToolKit,
    Messages,
    ResponseModelConfigDict,
    ToolConfig,
    toolkit_tool,
)
from mirascope.core._tools.tool_types import tool_types_of
from mirascope.core.base import GenerateJsonSchemaNoTitles
from mirascope.core.openai import OpenAITool
from mirascope.retries.tenacity import collect_errors
from mirascope.testing.conformance import one_after_another
from mirascope.testing.loopback import Loopback, Response

if TYPE_CHECKING:
    from support.cases import Case, Driver


EMMA = '{"title": "Emma"}'


ON_LLM = pytest.mark.parametrize("agnostic", [False, True], ids=["core", "llm"])


def decorator(case: Case, *, agnostic: bool, **options: Any) -> Any:
    return llm.call(case.name, "m", **options) if agnostic else case.call("m", **options)


def get_author(title: str) -> str:
    """Returns the author of a book."""
    return f"the author of {title}"


def lower(text: str) -> str:
    if not text.islower():
        raise ValueError("must be lower case")
    return text


class Find(BaseTool):
    """Finds a book."""

    title: Annotated[str, AfterValidator(lower)]

    def call(self) -> str:
        return self.title


class Shelves:
    def find(self, title: str) -> str:
        return f"{title} found"


class Library(BaseToolKit):
    __namespace__ = "v1_library"

    language: str
    shelves: Shelves
    _door: str = PrivateAttr("open")

    @toolkit_tool
    class Format(BaseTool):
        """Formats a title in {self.language}, {title} and all."""

        title: str

        def call(self) -> str:
            found: Any = self
            return f"{found.shelves.find(self.title)} ({found.shout()}, {found._door})"

    @toolkit_tool
    class AFormat(BaseTool):
        """Formats a title."""

        __custom_name__ = "a_format"
        title: str

        async def call(self) -> str:
            return self.title

    @toolkit_tool
    def look(self, title: str) -> str:
        """Looks for a book."""
        return self.shelves.find(title)

    def shout(self) -> str:
        return self.language.upper()


def test_a_class_in_a_toolkit_is_a_tool(case: Case, driver: Driver, server: Loopback) -> None:
    kit = Library(language="Dutch", shelves=Shelves())
    kind = tool_types_of([kit], OpenAITool)[0]
    assert kind.__doc__ == "Formats a title in Dutch, {title} and all."
    names = ["v1_library_Format", "v1_library_a_format", "v1_library_look"]
    assert [tool._name() for tool in kit.create_tools()] == names
    calls = one_after_another(*((name, EMMA) for name in names))
    server.queue = [Response(case.tool_call_response(*calls))]
    stream, _ = driver.call_and_read(driver.function(case, tools=[kit]))
    made, amade, looked = stream.construct_call_response().tools
    assert isinstance(made, Library.Format)
    assert made.call() == "Emma found (DUTCH, open)"
    assert driver.run(amade.call) == "Emma"
    assert looked.call() == "Emma found"
    sent = json.dumps(server.requests[0].json)
    assert all(name in sent for name in names)
    with pytest.raises(AttributeError, match="nope"):
        _ = made.nope


def test_a_toolkit_without_tools_is_an_error_at_the_class() -> None:
    with pytest.raises(ValueError, match=r"Empty has no method with @toolkit_tool"):

        class Empty(BaseToolKit):
            def look(self) -> None: ...

    class General(BaseToolKit, ABC):
        def look(self) -> None: ...

    class Special(General):
        @toolkit_tool
        def find(self) -> str:
            """Finds."""
            return "found"

    (tool,) = Special().create_tools()
    assert tool().call() == "found"


@pytest.mark.parametrize("docstring", ["Looks in {self.nope}.", "Looks in {self.nope.name!r}."])
def test_a_docstring_that_names_a_missing_field_is_an_error_at_the_class(docstring: str) -> None:
    def look(self: BaseToolKit) -> str:
        return str(self)

    class Inner(BaseTool):
        def call(self) -> str:
            return ""

    for member in (look, Inner):
        member.__doc__ = docstring
        names = {"__annotations__": {}, "__module__": __name__, "__qualname__": "Kit"}
        if isinstance(member, type):
            member.__qualname__ = "Kit.Inner"
        with pytest.raises(ValueError, match=r"Kit\.member has \{self\.nope.*toolkit does not"):
            type(BaseToolKit)("Kit", (BaseToolKit,), {**names, "member": toolkit_tool(member)})


def test_a_class_in_a_toolkit_needs_a_docstring() -> None:
    class Silent(BaseTool):
        def call(self) -> str:
            return ""

    with pytest.raises(ValueError, match=r"Silent needs a docstring"):
        toolkit_tool(Silent)


def id_of(call: Any) -> str | None:
    """Return the id of a call, in whatever field the SDK has it."""
    if isinstance(call, dict):
        return call["toolUse"]["toolUseId"]
    return getattr(call, "call_id", None) or call.id


@ON_LLM
def test_a_tool_has_the_id_of_its_call(
    case: Case, driver: Driver, server: Loopback, *, agnostic: bool
) -> None:
    server.queue = [
        Response.of_json(case.called_plain("get_author", EMMA)),
        Response(case.tool_call_response(*one_after_another(("get_author", EMMA)))),
    ]
    decorate = decorator(case, agnostic=agnostic, tools=[get_author])
    streaming = decorator(case, agnostic=agnostic, tools=[get_author], stream=True)

    def ask(genre: str) -> str:
        return genre

    async def aask(genre: str) -> str:
        return genre

    function = aask if driver.asynchronous else ask
    response = driver.call(decorate(function))
    assert response.tool.id == id_of(response.tool.tool_call)
    assert response.tool.id or case.family == "gemini"
    assert response.common_tools == response.tools
    assert response.common_tools[0].args == {"title": "Emma"}
    stream, items = driver.call_and_read(streaming(function))
    (tool,) = (tool for _, tool in items if tool)
    assert tool.id == id_of(tool.tool_call)
    assert stream.construct_call_response().common_tools == [tool]


def test_an_argument_may_be_called_id() -> None:
    def find(id: str) -> str:  # noqa: A002
        return id

    class Look(BaseTool):
        id: int  # type: ignore[assignment] # pyright: ignore[reportIncompatibleVariableOverride,reportGeneralTypeIssues]

        def call(self) -> int:
            return self.id

    call = OpenAITool.sdk_call("call_1", "find", "{}")
    found: Any = OpenAITool.type_from_fn(find).from_arguments('{"id": "a"}', call)
    assert (found.id, found.args, found.call()) == ("a", {"id": "a"}, "a")
    assert Look(id=3).call() == 3
    assert Find(title="emma").id is None


class Client:
    """Neither pydantic nor JSON knows what this is."""


class Search(BaseTool):
    """Searches."""

    query: str
    client: Client | None = None
    clients: list[Client] = [Client()]  # noqa: RUF012

    def call(self) -> str:
        return f"{self.query} by {type(self.client).__name__}"


@pytest.mark.parametrize("partial_tools", [False, True])
def test_a_tool_may_have_fields_of_any_class(
    case: Case, driver: Driver, server: Loopback, *, partial_tools: bool
) -> None:
    assert Search(query="x", client=Client()).call() == "x by Client"
    server.queue = [
        Response(case.tool_call_response(*one_after_another(("Search", '{"query": "x"}'))))
    ]
    stream = {"partial_tools": True} if partial_tools else True
    decorate = case.call("m", tools=[Search], stream=stream)

    def ask(genre: str) -> str:
        return genre

    async def aask(genre: str) -> str:
        return genre

    _, items = driver.call_and_read(decorate(aask if driver.asynchronous else ask))
    assert [tool.call() for _, tool in items if tool][-1] == "x by NoneType"
    sent = json.dumps(server.requests[0].json)
    assert '"query"' in sent
    assert "client" not in sent


def test_a_required_field_of_any_class_has_no_schema() -> None:
    class Needs(BaseModel, arbitrary_types_allowed=True):
        client: Client

    with pytest.raises(Exception, match="Client"):
        Needs.model_json_schema(schema_generator=GenerateJsonSchemaNoTitles)


@ON_LLM
def test_bytes_go_to_the_model_as_base64(case: Case, server: Loopback, *, agnostic: bool) -> None:
    history: list[Any] = []

    @decorator(case, agnostic=agnostic, tools=[get_author])
    def ask() -> Any:
        return [Messages.User("Hi"), *history]

    server.queue = [
        Response.of_json(case.called_plain("get_author", EMMA)),
        Response.of_json(case.plain("Emma")),
        Response.of_json(case.plain("Emma")),
    ]
    response = ask()
    data = b"\xff\xfe-?"
    text = base64.b64encode(data).decode()
    for output, expected in ((data, text), ({"a": [data, None]}, text)):
        history[:] = [
            response.message_param,
            *response.tool_message_params([(response.tool, output)]),
        ]
        ask()
        assert expected in json.dumps(server.requests[-1].json).replace("\\", "")
    assert f'"\\"{text}' not in json.dumps(server.requests[1].json)


@ON_LLM
@pytest.mark.parametrize(
    "output", [Client(), [Client()], {"a": Client()}], ids=["object", "list", "dict"]
)
def test_an_output_that_json_cannot_hold_is_a_type_error(
    case: Case, driver: Driver, server: Loopback, output: Any, *, agnostic: bool
) -> None:
    server.queue = [Response.of_json(case.called_plain("get_author", EMMA))]

    @decorator(case, agnostic=agnostic, tools=[get_author])
    def ask() -> str:
        return "Hi"

    del driver
    response = ask()
    name = type(output).__name__
    with pytest.raises(TypeError, match=rf"a tool's output must be text.* this {name} is not"):
        response.tool_message_params([(response.tool, output)])
    assert response.tool_message_params([(response.tool, datetime(2020, 1, 2, tzinfo=UTC))])


def test_a_tool_result_of_mistral_is_the_sdk_s_object(server: Loopback, case: Case) -> None:
    server.queue = [Response.of_json(case.called_plain("get_author", EMMA))]

    @case.call("m", tools=[get_author])
    def ask() -> str:
        return "Hi"

    response = ask()
    (result,) = response.tool_message_params([(response.tool, "Austen")])
    if case.name == "mistral":
        models: Any = pytest.importorskip("mistralai.client.models")
        assert isinstance(result, models.ToolMessage)
        assert (result.content, result.name) == ("Austen", "get_author")
        assert result.tool_call_id == response.tool.id


def test_invalid_arguments_are_a_pydantic_validation_error(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [
        Response.of_json(case.called_plain("Find", EMMA)),
        Response(case.tool_call_response(*one_after_another(("Find", EMMA)))),
    ]
    response = driver.call(driver.function(case, stream=False, tools=[Find]))
    with pytest.raises(ValidationError, match="must be lower case") as of_response:
        _ = response.tool
    tried = driver.attempt(driver.function(case, tools=[Find]))
    assert isinstance(tried.error, ValidationError)
    again = pickle.loads(pickle.dumps(tried.error))  # noqa: S301  # made here
    for error in (of_response.value, tried.error, again):
        assert isinstance(error, errors.ToolCallError)
        assert isinstance(error, errors.StreamError)
        assert isinstance(error, case.sdk_error)
        assert (error.title, error.error_count()) == ("Find", 1)
        (details,) = error.errors()
        assert (details["loc"], details["input"]) == (("title",), "Emma")
        assert details["type"] == "value_error"
        assert details["msg"] == "Value error, must be lower case"
        assert json.loads(error.json())[0]["loc"] == ["title"]
        assert "Emma" not in str(error)
        assert "Emma" not in repr(error)
        assert (error.tool_name, json.loads(error.arguments)) == ("Find", {"title": "Emma"})


@pytest.mark.parametrize(
    ("name", "arguments", "details"),
    [
        ("Find", "{}", ("missing", ("title",), {})),
        ("Find", '{"title": 1}', ("string_type", ("title",), 1)),
        ("Unheard", EMMA, ("tool_call", (), EMMA)),
    ],
    ids=["missing", "type", "unknown"],
)
def test_each_invalid_call_has_error_details(
    case: Case, server: Loopback, name: str, arguments: str, details: tuple[Any, ...]
) -> None:
    server.queue = [Response.of_json(case.called_plain(name, arguments))]

    @case.call("m", tools=[Find])
    def ask() -> str:
        return "Hi"

    with pytest.raises(ValidationError) as caught:
        _ = ask().tools
    (found,) = caught.value.errors()
    given = found["input"]
    assert (found["type"], found["loc"]) == details[:2]
    assert (json.loads(given) if isinstance(given, str) else given) == (
        json.loads(details[2]) if isinstance(details[2], str) else details[2]
    )


def test_tenacity_shows_a_function_the_errors_of_its_tools(case: Case, server: Loopback) -> None:
    tenacity: Any = pytest.importorskip("tenacity")
    seen: list[int] = []

    @case.call("m", tools=[Find])
    def ask(query: str) -> str:
        return query

    @tenacity.retry(
        stop=tenacity.stop_after_attempt(2), after=collect_errors(ValidationError), reraise=True
    )
    def find(*, errors: list[ValidationError] | None = None) -> str:
        seen.append(len(errors or ()))
        return ask(f"Previous errors: {errors}").tool.call()

    server.queue = [
        Response.of_json(case.called_plain("Find", EMMA)),
        Response.of_json(case.called_plain("Find", '{"title": "emma"}')),
    ]
    assert find() == "emma"
    assert seen == [0, 1]
    assert "must be lower case" in json.dumps(server.requests[1].json)


class Cached(ToolConfig, total=False):
    cache_control: dict[str, str]
    strict: bool
    colour: str


def test_settings_of_a_tool_that_a_provider_ignores_are_warned_of(
    case: Case, driver: Driver, server: Loopback
) -> None:
    class Look(BaseTool):
        """Looks."""

        tool_config = Cached(cache_control={"type": "ephemeral"}, strict=True, colour="red")
        title: str

        def call(self) -> str:
            return self.title

    taken = {
        "anthropic": {"cache_control"},
        "openai": {"strict"},
        "openai_responses": {"strict"},
    }.get(case.family, set())
    server.queue = [Response(case.response("Hi"))] * 2
    for _ in range(2):
        with pytest.warns(UserWarning, match=f"{case.family} does not support") as warned:
            driver.call_and_read(driver.function(case, tools=[Look]))
        reported = {
            name for name in Cached.__annotations__ for w in warned if name in str(w.message)
        }
        assert reported == Cached.__annotations__.keys() - taken


@pytest.mark.parametrize("as_tool", [False, True], ids=["response model", "tool"])
def test_strict_that_a_provider_ignores_is_warned_of(
    case: Case, server: Loopback, recwarn: pytest.WarningsRecorder, *, as_tool: bool
) -> None:
    class Strict(BaseTool):
        """Looks."""

        model_config = ResponseModelConfigDict(strict=True)
        title: str

        def call(self) -> str:
            return self.title

    class StrictModel(BaseModel):
        model_config = ResponseModelConfigDict(strict=True)
        title: str

    options: dict[str, Any] = {"tools": [Strict]} if as_tool else {"response_model": StrictModel}
    name = "Strict" if as_tool else "StrictModel"

    @case.call("m", **options)
    def ask() -> str:
        return "Hi"

    server.queue = [Response.of_json(case.called_plain(name, EMMA))]
    if case.family.startswith("openai"):
        ask()
        assert not recwarn.list
    else:
        with pytest.warns(UserWarning, match=f"{case.family} does not support 'strict'.*{name}"):
            ask()
