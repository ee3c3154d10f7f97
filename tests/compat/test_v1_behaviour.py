"""What v1 documents beside calls that go well: prompts, tools, errors, warnings and what prints."""

from __future__ import annotations

import base64
import io
import json
import pickle
import sys
import wave
from abc import ABC
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import pytest
from pydantic import AfterValidator, BaseModel, PrivateAttr, ValidationError
from support.loopback import Answer, Loopback
from support.providers import CASES
from support.providers.openai import completion, completion_chunk
from support.scripts import one_after_another

from mirascope import errors, llm
from mirascope.core import (
    BaseMessageParam,
    BasePrompt,
    BaseTool,
    BaseToolKit,
    FromCallArgs,
    Messages,
    ResponseModelConfigDict,
    ToolConfig,
    metadata,
    prompt_template,
    toolkit_tool,
)
from mirascope.core.base import AudioPart, GenerateJsonSchemaNoTitles, TextPart
from mirascope.core.base.tool import tool_types_of
from mirascope.core.openai import OpenAITool
from mirascope.retries.tenacity import collect_errors

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


class Book(BaseModel):
    title: str
    author: str


# Prompts that are classes.


@metadata({"tags": {"version:0001"}})
@prompt_template(
    """
    SYSTEM: You are {role}.
    USER: Recommend a {genre} book
    """
)
class BookPrompt(BasePrompt):
    genre: str

    @property
    def role(self) -> str:
        return "a librarian"


TEMPLATE = "SYSTEM: You are {role}.\nUSER: Recommend a {genre} book"


def test_a_prompt_class_dumps_its_metadata_and_its_text() -> None:
    assert BookPrompt(genre="fantasy").dump() == {
        "metadata": {"tags": {"version:0001"}},
        "prompt": "SYSTEM: You are a librarian.\nUSER: Recommend a fantasy book",
        "template": TEMPLATE,
        "inputs": {"genre": "fantasy"},
    }


@ON_LLM
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_what_a_prompt_class_runs_knows_the_prompt(
    case: Case, driver: Driver, server: Loopback, *, agnostic: bool, stream: bool
) -> None:
    names: list[str] = []

    def named(fn: Any) -> Any:
        names.append(fn.__name__)
        return fn

    server.queue = [Answer(case.answer("Emma")) if stream else Answer.of_json(case.plain("Emma"))]
    prompt, call = BookPrompt(genre="fantasy"), decorator(case, agnostic=agnostic, stream=stream)
    if driver.asynchronous:

        async def run() -> Any:
            return await prompt.run_async(call, named)

        answer = driver.run(run)
    else:
        answer = prompt.run(call, named)
    assert answer.metadata == {"tags": {"version:0001"}}
    assert answer.fn_args == {"genre": "fantasy"}
    assert answer.prompt_template == TEMPLATE
    assert names == ["BookPrompt"]


def test_settings_of_a_prompt_class_replace_its_metadata(case: Case, server: Loopback) -> None:
    @prompt_template("Recommend a {genre} book")
    @metadata({"tags": {"old"}})
    class Prompt(BasePrompt):
        genre: str

        def dynamic_config(self) -> Any:
            return {"metadata": {"tags": {self.genre}}}

    class Review(BaseModel):
        genre: Annotated[str, FromCallArgs()]
        title: str

    server.queue = [Answer.of_json(case.called_plain("Review", EMMA))]
    review: Any = Prompt(genre="crime").run(case.call("m", response_model=Review))
    assert review == Review(genre="crime", title="Emma")
    assert review._response.metadata == {"tags": {"crime"}}
    assert Prompt(genre="crime").dump()["metadata"] == {"tags": {"old"}}


def test_a_template_as_a_class_variable() -> None:
    class Declared(BasePrompt):
        prompt_template: ClassVar[str] = """
            Recommend a {genre} book
            """
        genre: str

    class Plain(BasePrompt):
        prompt_template = "Recommend a {genre} book"
        genre: str

    for kind in (Declared, Plain):
        prompt = kind(genre="fantasy")
        assert str(prompt) == "Recommend a fantasy book"
        assert prompt.dump()["template"] == "Recommend a {genre} book"
        assert prompt.message_params() == [Messages.User("Recommend a fantasy book")]


def test_a_docstring_as_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    class Prompt(BasePrompt):
        """Recommend a {genre} book"""  # noqa: D415

        genre: str

    prompt = Prompt(genre="fantasy")
    with pytest.raises(ValueError, match="Prompt has no @prompt_template"):
        str(prompt)
    monkeypatch.setenv("MIRASCOPE_DOCSTRING_PROMPT_TEMPLATE", "ENABLED")
    if sys.flags.optimize < 2:
        assert str(prompt) == "Recommend a fantasy book"
        assert prompt.dump()["template"] == "Recommend a {genre} book"


def test_the_docstring_of_a_function_is_its_template(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRASCOPE_DOCSTRING_PROMPT_TEMPLATE", "ENABLED")
    server.queue = [Answer.of_json(case.plain("Emma"))]
    decorate = case.call("m")

    @decorate
    def recommend(genre: str) -> None:
        """Recommend a {genre} book"""  # noqa: D415

    @decorate
    async def arecommend(genre: str) -> None:
        """Recommend a {genre} book"""  # noqa: D415

    if sys.flags.optimize < 2:
        response = driver.ask(arecommend if driver.asynchronous else recommend)
        assert response.prompt_template == "Recommend a {genre} book"
        assert response.dynamic_config is None
        assert "Recommend a fantasy book" in json.dumps(server.requests[0].json)


def test_a_prompt_prints_its_template_as_it_stands() -> None:
    @prompt_template("USER: Hi {name}")
    class Alone(BasePrompt):
        name: str

    @prompt_template(
        """
        SYSTEM:
        Be {name}.
          Be brief.

        MESSAGES: {history}
        USER: Hi
        """
    )
    class Several(BasePrompt):
        name: str
        history: list[BaseMessageParam]

    assert str(Alone(name="{Ann}")) == "USER: Hi {Ann}"
    assert Alone(name="Ann").dump()["prompt"] == "USER: Hi Ann"
    several = Several(name="Ann", history=[])
    assert str(several) == "SYSTEM:\nBe Ann.\n  Be brief.\n\nMESSAGES: []\nUSER: Hi"


def test_a_prompt_prints_the_values_of_its_parts() -> None:
    @prompt_template("See {photo:image(detail=low)}{none:image}\nand {texts:texts}, {sound:audio}")
    class Prompt(BasePrompt):
        photo: bytes
        texts: list[str]
        sound: str
        none: str | None = None

    prompt = Prompt(photo=b"x", texts=["a", "b"], sound="http://sound")
    assert str(prompt) == "See b'x'\nand ['a', 'b'], http://sound"


# Prompts that are functions.


class Librarian:
    name = "Ann"

    @prompt_template()
    def messages(self, genre: str) -> Any:
        return [Messages.System(f"You are {self.name}."), Messages.User(genre)]

    @prompt_template()
    async def amessages(self, genre: str) -> Any:
        return self.messages(genre)

    @metadata({"tags": {"t"}})
    @prompt_template("SYSTEM: You are {self.name}.\nUSER: {genre}")
    def template(self, genre: str) -> None: ...

    @metadata({"tags": {"t"}})
    @prompt_template("SYSTEM: You are {self.name}.\nUSER: {genre}")
    async def atemplate(self, genre: str) -> None: ...

    @prompt_template()
    def settings(self, genre: str) -> Any:
        return {"messages": self.messages(genre), "metadata": {"tags": {"t"}}}

    @prompt_template()
    async def asettings(self, genre: str) -> Any:
        return self.settings(genre)


@ON_LLM
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("method", ["messages", "template", "settings"])
def test_a_method_with_a_template_is_called_bound(
    case: Case, driver: Driver, server: Loopback, method: str, *, agnostic: bool, stream: bool
) -> None:
    server.queue = [Answer(case.answer("Emma")) if stream else Answer.of_json(case.plain("Emma"))]
    bound = getattr(Librarian(), "a" * driver.asynchronous + method)
    function = decorator(case, agnostic=agnostic, stream=stream)(bound)
    answer = driver.both(function)[0] if stream else driver.ask(function)
    assert answer.content == "Emma"
    assert answer.fn_args == {"genre": "fantasy"}
    assert answer.metadata == ({} if method == "messages" else {"tags": {"t"}})
    sent = json.dumps(server.requests[0].json)
    assert "You are Ann." in sent
    assert "fantasy" in sent


@pytest.mark.parametrize("method", ["messages", "template"])
def test_a_class_method_with_a_template_is_called_bound(
    case: Case, server: Loopback, method: str
) -> None:
    class Town:
        name = "Ann"
        prompt = classmethod(getattr(Librarian, method))

    server.queue = [Answer.of_json(case.plain("Emma"))]
    assert case.call("m")(Town.prompt)("fantasy").content == "Emma"
    assert "You are Ann." in json.dumps(server.requests[0].json)


def test_a_prompt_function_gives_its_settings(driver: Driver) -> None:
    settings = {"messages": [Messages.User("x")], "computed_fields": {"a": 1}}

    @prompt_template()
    def ask(_: str) -> Any:
        return settings

    @prompt_template()
    async def aask(_: str) -> Any:
        return settings

    assert driver.ask(aask if driver.asynchronous else ask) == settings

    @prompt_template("{a}")
    def filled() -> Any:
        return {"computed_fields": {"a": 1}}

    assert filled() == [Messages.User("1")]


@pytest.mark.parametrize(
    "result",
    ["fantasy", Messages.User("fantasy"), [Messages.User("fantasy")], ["fantasy"]],
    ids=["text", "message", "messages", "texts"],
)
def test_what_a_prompt_function_returns_is_its_configuration(
    case: Case, server: Loopback, result: Any
) -> None:
    @case.call("m", stream=True)
    def ask() -> Any:
        return result

    (message,) = ask().dynamic_config["messages"]
    assert isinstance(message, BaseMessageParam)
    assert "fantasy" in str(message.content)
    assert server.requests == []


# Sound.


def sound(frames: bytes = b"\0\1" * 8) -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(1)
        writing.setsampwidth(2)
        writing.setframerate(8000)
        writing.writeframes(frames)
    return io.BytesIO(file.getvalue())


def wave_in(part: Any) -> tuple[bytes, int]:
    assert isinstance(part, AudioPart)
    assert part.media_type == "audio/wav"
    assert isinstance(part.audio, bytes)
    with wave.open(io.BytesIO(part.audio)) as again:
        return again.readframes(again.getnframes()), again.getframerate()


def test_what_the_wave_module_reads_is_a_part() -> None:
    whole = (b"\0\1" * 8, 8000)
    with wave.open(sound()) as file:
        file.readframes(3)  # wherever it has been read to, it is one sound
        content = Messages.User(["Listen:", file]).content
        assert content[0] == TextPart(text="Listen:")
        assert wave_in(content[1]) == wave_in(Messages.User(file).content[0]) == whole
        assert file.tell() == 3

        @prompt_template("Listen: {file:audio} {files:audios}")
        def ask(file: Any, files: list[Any]) -> None: ...

        assert [wave_in(part) for part in ask(file, [file]).pop().content[1:]] == [whole] * 2

        @prompt_template()
        def listen() -> Any:
            return ["Listen:", file]

        assert wave_in(listen()[0].content[1]) == whole


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.name in {"openai", "gemini", "mistral"}],
    ids=lambda case: case.name,
)
def test_what_the_wave_module_reads_is_sent(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Answer.of_json(case.plain("Emma"))]
    with wave.open(sound()) as file:
        decorate = case.call("m")

        def ask(genre: str) -> Any:
            return [genre, file]

        async def aask(genre: str) -> Any:
            return [genre, file]

        driver.ask(decorate(aask if driver.asynchronous else ask))
    data = base64.b64encode(sound().getvalue()).decode()
    assert data in json.dumps(server.requests[0].json).replace("-", "+").replace("_", "/")


# Toolkits.


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
    server.queue = [Answer(case.calling(*calls))]
    stream, _ = driver.both(driver.function(case, tools=[kit]))
    made, amade, looked = stream.construct_call_response().tools
    assert isinstance(made, Library.Format)
    assert made.call() == "Emma found (DUTCH, open)"
    assert driver.run(amade.call) == "Emma"
    assert looked.call() == "Emma found"
    sent = json.dumps(server.requests[0].json)
    assert all(name in sent for name in names)
    with pytest.raises(AttributeError, match="nope"):
        _ = made.nope


def test_a_toolkit_without_tools_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"Empty has no method marked @toolkit_tool"):

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
def test_a_docstring_that_names_what_a_toolkit_lacks_is_refused_at_once(docstring: str) -> None:
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
        with pytest.raises(ValueError, match=r"Kit\.member names \{self\.nope.*toolkit does not"):
            type(BaseToolKit)("Kit", (BaseToolKit,), {**names, "member": toolkit_tool(member)})


def test_a_class_in_a_toolkit_needs_a_docstring() -> None:
    class Silent(BaseTool):
        def call(self) -> str:
            return ""

    with pytest.raises(ValueError, match=r"Silent needs a docstring"):
        toolkit_tool(Silent)


# Tools.


@ON_LLM
def test_a_tool_has_the_id_of_its_call(
    case: Case, driver: Driver, server: Loopback, *, agnostic: bool
) -> None:
    server.queue = [
        Answer.of_json(case.called_plain("get_author", EMMA)),
        Answer(case.calling(*one_after_another(("get_author", EMMA)))),
    ]
    decorate = decorator(case, agnostic=agnostic, tools=[get_author])
    streaming = decorator(case, agnostic=agnostic, tools=[get_author], stream=True)

    def ask(genre: str) -> str:
        return genre

    async def aask(genre: str) -> str:
        return genre

    function = aask if driver.asynchronous else ask
    response = driver.ask(decorate(function))
    assert response.tool.id == response.tool.tool_call.id
    assert response.tool.id or case.name == "gemini"
    assert response.common_tools == response.tools
    assert response.common_tools[0].args == {"title": "Emma"}
    stream, items = driver.both(streaming(function))
    (tool,) = (tool for _, tool in items if tool)
    assert tool.id == tool.tool_call.id
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
    server.queue = [Answer(case.calling(*one_after_another(("Search", '{"query": "x"}'))))]
    stream = {"partial_tools": True} if partial_tools else True
    decorate = case.call("m", tools=[Search], stream=stream)

    def ask(genre: str) -> str:
        return genre

    async def aask(genre: str) -> str:
        return genre

    _, items = driver.both(decorate(aask if driver.asynchronous else ask))
    assert [tool.call() for _, tool in items if tool][-1] == "x by NoneType"
    sent = json.dumps(server.requests[0].json)
    assert '"query"' in sent
    assert "client" not in sent


def test_a_field_of_any_class_that_is_required_cannot_be_told() -> None:
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
        Answer.of_json(case.called_plain("get_author", EMMA)),
        Answer.of_json(case.plain("Emma")),
        Answer.of_json(case.plain("Emma")),
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
    server.queue = [Answer.of_json(case.called_plain("get_author", EMMA))]

    @decorator(case, agnostic=agnostic, tools=[get_author])
    def ask() -> str:
        return "Hi"

    del driver
    response = ask()
    name = type(output).__name__
    with pytest.raises(TypeError, match=rf"a tool's output must be text.* this {name} is not"):
        response.tool_message_params([(response.tool, output)])
    assert response.tool_message_params([(response.tool, datetime(2020, 1, 2, tzinfo=UTC))])


def test_what_a_tool_gave_mistral_is_the_sdk_s_object(server: Loopback, case: Case) -> None:
    server.queue = [Answer.of_json(case.called_plain("get_author", EMMA))]

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


# Errors.


def test_arguments_that_do_not_fit_are_a_validation_error_of_pydantic(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [
        Answer.of_json(case.called_plain("Find", EMMA)),
        Answer(case.calling(*one_after_another(("Find", EMMA)))),
    ]
    response = driver.ask(driver.function(case, stream=False, tools=[Find]))
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
def test_each_unusable_call_has_details(
    case: Case, server: Loopback, name: str, arguments: str, details: tuple[Any, ...]
) -> None:
    server.queue = [Answer.of_json(case.called_plain(name, arguments))]

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
        Answer.of_json(case.called_plain("Find", EMMA)),
        Answer.of_json(case.called_plain("Find", '{"title": "emma"}')),
    ]
    assert find() == "emma"
    assert seen == [0, 1]
    assert "must be lower case" in json.dumps(server.requests[1].json)


REFUSAL = "I cannot help with that."
CHAT_COMPLETIONS = pytest.mark.parametrize(
    "case", [case for case in CASES if case.name in {"groq", "openai"}], ids=lambda case: case.name
)


def refused(case: Case, *, stream: bool) -> Answer:
    if not stream:
        said = {"role": "assistant", "content": None, "refusal": REFUSAL}
        return Answer.of_json(completion(said))
    pieces = [completion_chunk({"refusal": piece}) for piece in (REFUSAL[:8], REFUSAL[8:])]
    return Answer([*case.begin, *pieces, *case.end(3, 2)])


@CHAT_COMPLETIONS
@ON_LLM
def test_tools_report_a_refusal(
    case: Case, driver: Driver, server: Loopback, *, agnostic: bool
) -> None:
    server.queue = [refused(case, stream=False), refused(case, stream=True)]
    if agnostic:

        @llm.call(case.name, "m", tools=[get_author])
        def ask() -> str:
            return "Hi"

        responses = [ask()]
    else:
        plain = driver.ask(driver.function(case, stream=False, tools=[get_author]))
        stream, _ = driver.both(driver.function(case, tools=[get_author]))
        responses = [plain, stream.construct_call_response()]
    for response in responses:
        for read in (lambda r: r.tools, lambda r: r.tool, lambda r: r.raise_for_refusal()):
            with pytest.raises(ValueError, match=f"^{REFUSAL}$") as caught:
                read(response)
            assert isinstance(caught.value, errors.ModelRefused)
            assert isinstance(caught.value, case.sdk_error)
            assert caught.value.partial is not None


@CHAT_COMPLETIONS
@pytest.mark.parametrize("json_mode", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_a_response_model_reports_a_refusal(
    case: Case, driver: Driver, server: Loopback, *, stream: bool, json_mode: bool
) -> None:
    server.queue = [refused(case, stream=stream)]
    tried = driver.attempt(
        driver.function(case, stream=stream, response_model=Book, json_mode=json_mode)
    )
    assert isinstance(tried.error, errors.ModelRefused)
    assert isinstance(tried.error, ValueError)
    assert isinstance(tried.error, case.sdk_error)
    assert str(tried.error) == REFUSAL


def test_an_answer_without_a_refusal_raises_none(case: Case, server: Loopback) -> None:
    server.queue = [Answer.of_json(case.plain("Emma"))]

    @case.call("m")
    def ask() -> str:
        return "Hi"

    response = ask()
    response.raise_for_refusal()
    assert response.tools is None
    assert response.common_tools is None


# Warnings.


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

    taken = {"anthropic": {"cache_control"}, "openai": {"strict"}}.get(case.name, set())
    server.queue = [Answer(case.answer("Hi"))] * 2
    for _ in range(2):
        with pytest.warns(UserWarning, match=f"{case.name} does not support") as warned:
            driver.both(driver.function(case, tools=[Look]))
        told = {name for name in Cached.__annotations__ for w in warned if name in str(w.message)}
        assert told == Cached.__annotations__.keys() - taken


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

    server.queue = [Answer.of_json(case.called_plain(name, EMMA))]
    if case.name == "openai":
        ask()
        assert not recwarn.list
    else:
        with pytest.warns(UserWarning, match=f"{case.name} does not support 'strict'.*{name}"):
            ask()


# What is told of answers.


def test_what_is_not_there_yet_prints_as_none(case: Case, driver: Driver, server: Loopback) -> None:
    class Shelf(BaseModel):
        books: list[Book]
        best: Book

    text = json.dumps({"books": [{"title": "T1", "author": "A1"}], "best": {"title": "T2"}})
    server.queue = [
        Answer(case.answer('{"title": "T1"', ', "author": "A', '1"}')),
        Answer(case.answer(text[:20], text[20:28], text[28:-3], text[-3:])),
    ]
    function = driver.function(case, response_model=Book, json_mode=True)
    printed = list(map(str, driver.attempt(function).items))
    assert printed[0] == "title='T1' author=None"
    assert printed[-1] == "title='T1' author='A1'"
    function = driver.function(case, response_model=Shelf, json_mode=True)
    printed = list(map(str, driver.attempt(function).items))
    assert printed[0] == "books=[PartialBook(title=None, author=None)] best=None"
    assert printed[-1].endswith("best=PartialBook(title='T2', author=None)")


@pytest.mark.parametrize("agnostic", [False, True])
def test_tools_are_dumped_as_what_they_are_to_the_model(
    case: Case, server: Loopback, *, agnostic: bool
) -> None:
    server.queue = [Answer.of_json(case.called_plain("get_author", EMMA))]

    @decorator(case, agnostic=agnostic, tools=[get_author, Find])
    def ask() -> str:
        return "Hi"

    response = ask()
    assert json.loads(response.model_dump_json())["tool_types"] == [
        {"type": "function", "name": "get_author"},
        {"type": "function", "name": "Find"},
    ]
    assert response.model_dump()["tool_types"] == response.tool_types


@pytest.mark.parametrize("agnostic", [False, True])
@pytest.mark.parametrize("deep", [False, True])
def test_responses_and_chunks_can_be_copied(
    case: Case, server: Loopback, *, agnostic: bool, deep: bool
) -> None:
    server.queue = [Answer.of_json(case.plain("Emma")), Answer(case.answer("Emma"))]

    @decorator(case, agnostic=agnostic)
    def ask() -> str:
        return "Hi"

    @decorator(case, agnostic=agnostic, stream=True)
    def stream() -> str:
        return "Hi"

    response = ask()
    copied = response.model_copy(update={"metadata": {"tags": {"a"}}}, deep=deep)
    assert type(copied) is type(response)
    assert copied is not response
    assert (copied.content, copied.usage) == (response.content, response.usage)
    assert (copied.metadata, response.metadata) == ({"tags": {"a"}}, {})
    for chunk, _ in stream():
        again = chunk.model_copy(deep=deep)
        assert (type(again), again.content) == (type(chunk), chunk.content)


def test_a_stream_knows_the_class_of_its_response(case: Case, server: Loopback) -> None:
    server.queue = [Answer(case.answer("Emma"))]

    @case.call("m", stream=True)
    def ask() -> str:
        return "Hi"

    stream = ask()
    assert stream.call_response_type is not None
    list(stream)
    assert type(stream.construct_call_response()) is stream.call_response_type

    @case.call("m", stream=True, response_model=Book)
    def extract() -> str:
        return "Hi"

    assert extract().response_model is Book


@pytest.mark.parametrize("calling", [False, True], ids=["text", "tool"])
def test_a_message_always_has_content(
    case: Case, driver: Driver, server: Loopback, *, calling: bool
) -> None:
    whole = case.called_plain("get_author", EMMA) if calling else case.plain("Emma")
    steps = one_after_another(("get_author", EMMA)) if calling else ()
    events = case.calling(*steps) if calling else case.answer("Emma")
    server.queue = [Answer.of_json(whole), Answer(events)]
    response = driver.ask(driver.function(case, stream=False, tools=[get_author]))
    stream, _ = driver.both(driver.function(case, tools=[get_author]))
    if isinstance(response.message_param, dict):
        assert "content" in response.message_param
        assert "content" in stream.message_param
        assert stream.message_param["content"] is not None


def test_thinking_that_is_not_there_is_none(server: Loopback, case: Case) -> None:
    server.queue = [Answer.of_json(case.plain("Emma")), Answer(case.answer("Emma"))]

    @case.call("m")
    def ask() -> str:
        return "Hi"

    @case.call("m", stream=True)
    def stream() -> str:
        return "Hi"

    if case.name == "anthropic":
        response = ask()
        assert (response.thinking, response.signature) == (None, None)
        streamed = stream()
        list(streamed)
        assert (streamed.thinking, streamed.signature) == ("", "")
        whole = streamed.construct_call_response()
        assert (whole.thinking, whole.signature) == (None, None)


@ON_LLM
def test_what_one_provider_alone_has_is_dumped(
    case: Case, server: Loopback, *, agnostic: bool
) -> None:
    server.queue = [Answer.of_json(case.plain("Emma")), Answer(case.answer("Emma"))]
    alone = {
        "anthropic": {"thinking": None, "signature": None},
        "gemini": {"thinking": None},
        "openai": {"audio": None, "audio_transcript": None},
    }.get(case.name, {})

    @decorator(case, agnostic=agnostic)
    def ask() -> str:
        return "Hi"

    @decorator(case, agnostic=agnostic, stream=True)
    def stream() -> str:
        return "Hi"

    response = ask()
    assert alone.items() <= response.model_dump().items()
    assert alone.items() <= json.loads(response.model_dump_json()).items()
    assert response.model_dump(include=alone) == alone
    assert not alone.keys() & response.model_dump(exclude=alone).keys()
    for chunk, _ in stream():
        assert ("audio" in chunk.model_dump()) is (case.name == "openai")


@ON_LLM
def test_a_tool_is_its_own_common_form(case: Case, server: Loopback, *, agnostic: bool) -> None:
    server.queue = [Answer.of_json(case.called_plain("get_author", EMMA))]

    @decorator(case, agnostic=agnostic, tools=[get_author])
    def ask() -> str:
        return "Hi"

    tool = ask().tool
    common = llm.Tool(tool=tool)
    assert (common.args, common.id) == (tool.args, tool.id)
    assert (common.call(), common._name()) == ("the author of Emma", "get_author")
    for each in (tool, common, llm.Tool(tool), llm.Tool(Find(title="emma"))):
        assert isinstance(each, llm.Tool)
    assert issubclass(type(tool), llm.Tool)
    assert not isinstance(ask, llm.Tool)

    class Kept(BaseModel):
        tools: list[llm.Tool]

    assert Kept(tools=[tool]).tools == [tool]
