"""Code as users of v1 wrote it, for each provider, unchanged."""

from __future__ import annotations

import json
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, cast

import anyio
import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model
from tenacity import retry, stop_after_attempt

from mirascope import BaseTool, BaseToolKit, Messages, prompt_template, toolkit_tool
from mirascope.core import (
    BasePrompt,
    CommonCallParams,
    FromCallArgs,
    Metadata,
    anthropic,
    merge_decorators,
    metadata,
    openai,
)
from mirascope.core.base import BaseCallResponse, BaseMessageParam, BaseStream, TextPart
from mirascope.retries.tenacity import collect_errors
from mirascope.testing.conformance import Text, one_after_another
from mirascope.testing.loopback import Loopback, Response

if TYPE_CHECKING:
    from support.cases import Case, Driver

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
SHELVES = json.dumps({"genre": "fantasy"})
BOOK = {"title": "Emma", "author": "Austen"}


def list_books(genre: str) -> list[str]:
    """Lists the books of a genre.

    Args:
        genre: The genre of the books.
    """
    return [f"a {genre} book", "another"]


async def alist_books(genre: str) -> list[str]:
    """Lists the books of a genre.

    Args:
        genre: The genre of the books.
    """
    await anyio.lowlevel.checkpoint()
    return list_books(genre)


class ListBooks(BaseTool):
    """Lists the books of a genre."""

    genre: str = Field(..., description="The genre of the books", examples=["crime"])

    model_config = ConfigDict(json_schema_extra={"examples": [{"genre": "fantasy"}]})

    def call(self) -> list[str]:
        return list_books(self.genre)


class AListBooks(BaseTool):
    """Lists the books of a genre."""

    genre: str

    async def call(self) -> list[str]:
        return await alist_books(self.genre)


class Book(BaseModel):
    title: str
    author: str


class Verdict(Enum):
    GOOD = "good"
    BAD = "bad"


def sent_text(server: Loopback, request: int = -1) -> str:
    return json.dumps(server.requests[request].json)


@pytest.mark.parametrize("tool", [list_books, ListBooks], ids=["function", "class"])
def test_a_tool_of_a_response(case: Case, server: Loopback, tool: Any) -> None:
    name = tool.__name__

    @case.call("a-model", tools=[tool])
    def ask(query: str) -> str:
        return f"Answer: {query}"

    server.queue = [
        Response.of_json(case.called_plain(name, SHELVES)),
        Response.of_json(case.plain("Hi")),
    ]
    response = ask("Which fantasy books are there?")
    if called := response.tool:
        assert called.call() == ["a fantasy book", "another"]
        assert called.args == {"genre": "fantasy"}
        assert called._name() == name
        assert "genre" in json.dumps(called.model_json_schema())
    assert [t.call() for t in response.tools] == [["a fantasy book", "another"]]
    assert ask("Hi").tool is None
    assert ask.__name__ == "ask"


@pytest.mark.parametrize("tool", [alist_books, AListBooks], ids=["function", "class"])
def test_an_async_tool_of_an_async_stream(case: Case, server: Loopback, tool: Any) -> None:
    @case.call("a-model", tools=[tool], stream=True)
    @prompt_template("Which {genre} books are there?")
    async def ask(genre: str) -> None: ...

    async def main() -> list[Any]:
        outputs = []
        async for chunk, called in await ask("fantasy"):
            assert isinstance(chunk.content, str)
            if called:
                outputs.append(await called.call())
        return outputs

    server.queue = [Response(case.tool_call_response(*one_after_another((tool.__name__, SHELVES))))]
    assert anyio.run(main) == [["a fantasy book", "another"]]


def test_an_agent_that_streams_and_calls_tools(
    case: Case, server: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    class Librarian(BaseModel):
        name: str
        history: list[Any] = []

        def _shelves(self, genre: str) -> list[str]:
            """Lists the books of a genre.

            Args:
                genre: The genre of the books.
            """
            return [f"{self.name}'s {genre} book"]

        @case.call("a-model", stream=True)
        @prompt_template(
            """
            SYSTEM: You are the librarian {self.name}.
            MESSAGES: {self.history}
            USER: {query}
            """
        )
        def _stream(self, query: str) -> Any:
            return {"tools": [self._shelves], "metadata": {"tags": {query}}}

        def _step(self, query: str) -> str:
            stream = self._stream(query)
            tools_and_outputs = []
            for chunk, tool in stream:
                if tool:
                    print(f"[{tool._name()}({tool.args})]", end="")  # noqa: T201
                    tools_and_outputs.append((tool, tool.call()))
                else:
                    print(chunk.content, end="", flush=True)  # noqa: T201
            if stream.user_message_param:
                self.history.append(stream.user_message_param)
            self.history.append(stream.message_param)
            if tools_and_outputs:
                self.history += stream.tool_message_params(tools_and_outputs)
                return self._step("")
            return stream.content

        def run(self, *queries: str) -> list[str]:
            return [self._step(query) for query in queries]

    calls = one_after_another(("_shelves", SHELVES), ("_shelves", '{"genre": "crime"}'))
    server.queue = [
        Response(case.tool_call_response(Text("Let me see. "), *calls)),
        Response(case.response("There ", "is one.")),
        Response(case.response("Bye.")),
    ]
    librarian = Librarian(name="Ann")
    assert librarian.run("Any books?", "Bye!") == ["There is one.", "Bye."]
    reported = capsys.readouterr().out
    assert reported.startswith("Let me see. [_shelves({'genre': 'fantasy'})][_shelves(")
    assert reported.endswith("There is one.Bye.")
    assert "Ann's fantasy book" in sent_text(server, 1)
    assert "Ann's crime book" in sent_text(server, 2)
    assert sent_text(server, 2).count("Any books?") == 1
    assert "You are the librarian Ann" in sent_text(server, 2)


def test_an_agent_with_plain_calls(case: Case, server: Loopback) -> None:
    history: list[Any] = []

    @case.call("a-model", tools=[ListBooks])
    def ask(query: str, history: list[Any]) -> Any:
        return [Messages.System("Be short."), *history, *([Messages.User(query)] if query else [])]

    def run(query: str) -> str:
        response = ask(query, history)
        if query:
            history.append(response.user_message_param)
        history.append(response.message_param)
        if tools := response.tools:
            history.extend(response.tool_message_params([(tool, tool.call()) for tool in tools]))
            return run("")
        return response.content

    server.queue = [
        Response.of_json(case.called_plain("ListBooks", SHELVES)),
        Response.of_json(case.plain("One.")),
    ]
    assert run("Any books?") == "One."
    assert "another" in sent_text(server)


def test_partial_tools(case: Case, server: Loopback) -> None:
    @case.call("a-model", tools=[ListBooks], stream={"partial_tools": True})
    def ask() -> str:
        return "Any books?"

    server.queue = [Response(case.tool_call_response(*one_after_another(("ListBooks", SHELVES))))]
    deltas, outputs = [], []
    stream = ask()
    for _chunk, tool in stream:
        if tool and tool.delta is not None:
            deltas.append(tool.delta)
        elif tool:
            outputs.append(tool.call())
    assert json.loads("".join(deltas)) == {"genre": "fantasy"}
    assert outputs == [["a fantasy book", "another"]]
    assert len(stream.construct_call_response().tools) == 1


def test_a_toolkit_given_by_a_dynamic_configuration(case: Case, server: Loopback) -> None:
    class Shelves(BaseToolKit):
        __namespace__ = f"v1_{case.name}_shelves"
        language: str

        @toolkit_tool
        def search(self, title: str) -> str:
            """Finds a book in {self.language}.

            Args:
                title: The title.
            """
            return f"{title} in {self.language}"

    @case.call("a-model")
    @prompt_template("Find {title}")
    def ask(title: str) -> Any:
        toolkit = Shelves(language="Dutch" if title else "any language")
        return {"tools": toolkit.create_tools()}

    name = f"v1_{case.name}_shelves_search"
    server.queue = [Response.of_json(case.called_plain(name, '{"title": "Emma"}'))]
    assert ask("Emma").tool.call() == "Emma in Dutch"
    assert "Finds a book in Dutch." in sent_text(server)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(list[str], ["a", "b"]), (list[Book], [BOOK, BOOK]), (Verdict, "good"), (int, 4)],
    ids=["texts", "models", "enum", "number"],
)
@pytest.mark.parametrize("json_mode", [False, True], ids=["tool", "json"])
def test_a_response_model_of_any_type(
    case: Case, server: Loopback, kind: Any, value: Any, *, json_mode: bool
) -> None:
    @case.call("a-model", response_model=kind, json_mode=json_mode)
    def ask(query: str) -> str:
        return query

    text = json.dumps({"value": value})
    plain = case.plain(text) if json_mode else case.called_plain("Value", text)
    server.queue = [Response.of_json(plain)]
    answer = ask("What is it?")
    if kind is Verdict:
        assert answer is Verdict.GOOD
    elif kind == list[Book]:
        assert answer == [Book(title="Emma", author="Austen")] * 2
    else:
        assert answer == value


def test_a_response_model_knows_its_response(case: Case, server: Loopback) -> None:
    @case.call("a-model", response_model=Book)
    @prompt_template("Extract: {text}")
    def extract(text: str) -> None: ...

    server.queue = [Response.of_json(case.called_plain("Book", json.dumps(BOOK)))]
    book = extract("Emma by Austen")
    assert isinstance(book, Book)
    response = cast("BaseCallResponse[Any, Any, Any]", book._response)
    assert response.fn_args == {"text": "Emma by Austen"}
    assert book.model_dump() == BOOK


@pytest.mark.parametrize("json_mode", [False, True], ids=["tool", "json"])
def test_a_streamed_response_model_with_a_field_of_the_call(
    case: Case, server: Loopback, *, json_mode: bool
) -> None:
    class Review(BaseModel):
        book: Annotated[str, FromCallArgs()]
        author: Book | None = None
        verdict: Verdict
        points: list[str]

    @case.call("a-model", response_model=Review, stream=True, json_mode=json_mode)
    @prompt_template("Review {book}")
    def review(book: str) -> None: ...

    value = {"author": BOOK, "verdict": "good", "points": ["witty", "short"]}
    text = json.dumps(value)
    events = (
        case.response("```json\n", text, "\n```")
        if json_mode
        else case.tool_call_response(*one_after_another(("Review", text)))
    )
    server.queue = [Response(events)]
    stream = review("Emma")
    for partial in stream:
        assert isinstance(partial, Review)
        last = partial
    expected = Review.model_validate({"book": "Emma", **value})
    assert last == expected == stream.constructed_response_model
    assert stream.stream.construct_call_response().output_tokens == 2


def test_an_output_parser_and_json_mode(case: Case, server: Loopback) -> None:
    @case.call("a-model", json_mode=True, output_parser=lambda response: json.loads(str(response)))
    def ask() -> str:
        return "A book as JSON"

    server.queue = [Response.of_json(case.plain(json.dumps(BOOK)))]
    assert ask() == BOOK


def test_a_dynamic_configuration_of_everything(case: Case, server: Loopback) -> None:
    with case.client(case.url(server.url), "another-key") as client:

        @case.call("a-model", call_params={"max_tokens": 7}, stream=True)
        @metadata({"tags": {"version:1"}})
        @prompt_template("Recommend {count} {genre} books")
        def ask(genre: str) -> Any:
            return {
                "computed_fields": {"count": len(genre) // 4},
                "call_params": {"temperature": 0.5},
                "metadata": {"tags": {"version:2"}},
                "tools": [list_books],
                "client": client,
            }

        server.queue = [Response(case.response("Emma"))]
        stream = ask("thriller")
        for chunk, _ in stream:
            print(chunk.content, end="")  # noqa: T201
    assert case.key_of(server.requests[0]) == "another-key"
    assert case.temperature_of(server.requests[0].json) == 0.5
    assert "Recommend 2 thriller books" in sent_text(server)
    assert "list_books" in sent_text(server)
    assert stream.metadata == {"tags": {"version:2"}}
    assert stream.fn_args == {"genre": "thriller", "count": 2}
    assert stream.construct_call_response().metadata == stream.metadata


def test_common_parameters_are_sent(case: Case, server: Loopback) -> None:
    @case.call("a-model", call_params={"temperature": 0.5, "max_tokens": 7, "stop": "!"})
    def ask() -> str:
        return "Hi"

    server.queue = [Response.of_json(case.plain("Hello"))]
    assert str(ask()) == "Hello"
    sent = sent_text(server)
    assert ": 7" in sent
    assert '"!"' in sent or case.name == "openai_responses"  # which has no such parameter


def test_a_prompt_class_runs(case: Case, server: Loopback) -> None:
    @prompt_template("SYSTEM: You are {role}.\nUSER: Recommend a {genre} book")
    class BookPrompt(BasePrompt):
        genre: str

        @property
        def role(self) -> str:
            return "a librarian"

    server.queue = [Response.of_json(case.plain("Emma")), Response(case.response("Em", "ma"))] * 2
    prompt = BookPrompt(genre="fantasy")
    assert prompt.run(case.call("a-model")).content == "Emma"
    assert "".join(c.content for c, _ in prompt.run(case.call("a-model", stream=True))) == "Emma"

    async def main() -> str:
        response = await prompt.run_async(case.call("a-model"))
        stream = await prompt.run_async(case.call("a-model", stream=True))
        return response.content + "".join([chunk.content async for chunk, _ in stream])

    assert anyio.run(main) == "EmmaEmma"
    assert "a librarian" in sent_text(server)


def test_merged_decorators(case: Case, server: Loopback) -> None:
    ask_a_model = merge_decorators(
        case.call("a-model"),
        metadata({"tags": {"merged"}}),
        prompt_template("Recommend a {genre} book"),
    )

    @ask_a_model()
    def recommend(genre: str) -> None: ...

    server.queue = [Response.of_json(case.plain("Emma"))]
    response = recommend("fantasy")
    assert (response.content, response.metadata) == ("Emma", {"tags": {"merged"}})


def test_a_prompt_with_an_image(case: Case, server: Loopback) -> None:
    if case.name == "cohere":
        pytest.skip("images are told by URL only")

    @case.call("a-model")
    @prompt_template("What is in {photo:image}, of {books:list}?")
    def look(photo: bytes, books: list[str]) -> None: ...

    @case.call("a-model")
    def look_again(photo: bytes) -> Any:
        return Messages.User(["What is in this?", *look.__wrapped__(photo, ["a"])[0].content[1:2]])

    server.queue = [Response.of_json(case.plain("A book"))] * 2
    assert look(PNG, ["a", "b"]).content == "A book"
    assert look_again(PNG).content == "A book"
    assert "iVBORw0KGgo" in sent_text(server)


def test_errors_of_earlier_attempts_are_passed_on(case: Case, server: Loopback) -> None:
    @retry(stop=stop_after_attempt(3), after=collect_errors(ValueError), reraise=True)
    @case.call("a-model", output_parser=lambda response: int(response.content))
    def count(*, errors: list[ValueError] | None = None) -> str:
        return f"You were wrong: {errors}" if errors else "How many?"

    server.queue = [Response.of_json(case.plain("two")), Response.of_json(case.plain("2"))]
    assert count() == 2
    assert "invalid literal" in sent_text(server)


def test_a_stream_has_the_properties_that_v1_documents(case: Case, server: Loopback) -> None:
    @case.call("a-model", stream=True)
    def ask(genre: str) -> list[BaseMessageParam]:
        return [Messages.System("Be short."), Messages.User(f"Recommend a {genre} book")]

    server.queue = [Response(case.response("Em", "ma"))]
    stream = ask("fantasy")
    assert isinstance(stream, BaseStream)
    with pytest.raises(ValueError, match="iterate it first"):
        stream.construct_call_response()
    text = "".join(f"{chunk}" for chunk, _ in stream)
    response = stream.construct_call_response()
    assert text == stream.content == response.content == str(response) == "Emma"
    assert isinstance(response, BaseCallResponse)
    assert response.tools is None
    assert response.tool is None
    assert (stream.provider, response.provider) == (case.name, case.name)
    assert (response.input_tokens, response.output_tokens) == (3, 2)
    assert stream.start_time <= stream.end_time
    assert response.message_param == stream.message_param
    assert stream.cost is None
    assert stream.cost_metadata.input_tokens == 3
    assert ask._model == "a-model"


def test_a_history_as_a_field_takes_messages_of_every_form(
    case: Case, driver: Driver, server: Loopback
) -> None:
    """As agents have it: ``history: list[openai.OpenAIMessageParam] = []``."""
    provider = import_module(f"mirascope.core.{case.name}")
    names = vars(provider)
    kind = next(names[name] for name in provider.__all__ if name.endswith("MessageParam"))
    fields: dict[str, Any] = {"history": (list[kind], [])}
    agent_type = create_model("Agent", **fields)

    @case.call("a-model")
    def answer(history: list[Any]) -> list[Any]:
        return history

    @case.call("a-model")
    async def aanswer(history: list[Any]) -> list[Any]:
        return history

    def ask(history: list[Any]) -> Any:
        return driver.run(lambda: aanswer(history)) if driver.asynchronous else answer(history)

    server.queue = [Response.of_json(case.plain(text)) for text in ("Emma", "Persuasion")]
    agent: Any = agent_type(history=[Messages.User("Recommend a book")])
    assert agent.history == [Messages.User("Recommend a book")]
    response = ask(agent.history)
    agent.history += [response.message_param, Messages.User([TextPart(text="Another")])]
    agent = agent_type(history=agent.history)
    assert agent.history[-1] == Messages.User([TextPart(text="Another")])
    assert agent.history[1] == response.message_param
    assert agent_type.model_validate(agent.model_dump()).model_dump() == agent.model_dump()
    assert ask([*agent.history]).content == "Persuasion"
    sent = sent_text(server)
    assert sent.index("Recommend a book") < sent.index("Emma") < sent.index("Another")


@pytest.mark.parametrize("name", ["anthropic", "groq", "openai"])
def test_a_history_as_a_field_keeps_what_the_sdk_does_not_know(name: str) -> None:
    provider = import_module(f"mirascope.core.{name}")
    names = vars(provider)
    kind = next(names[name] for name in provider.__all__ if name.endswith("MessageParam"))
    message = {
        "role": "assistant",
        "content": [{"type": "text", "text": "Emma", "novel": 1}],
        "tool_calls": [{"id": "a", "type": "function", "extra_content": {"signature": "s"}}],
        "reasoning_content": "hm",
    }
    fields: dict[str, Any] = {"history": (list[kind], [])}
    agent: Any = create_model("Agent", **fields)(history=[message])
    assert agent.history == [message]
    assert agent.history == [message]  # also the second time


def test_a_tool_call_that_does_not_fit(case: Case, server: Loopback) -> None:
    @case.call("a-model", tools=[ListBooks])
    def ask() -> str:
        return "Any books?"

    server.queue = [Response.of_json(case.called_plain("ListBooks", '{"genres": 1}'))]
    try:
        _ = ask().tool
    except ValueError as error:
        assert "genre: Field required" in str(error)  # noqa: PT017  # as users wrote it
    else:
        pytest.fail("it fits")


def test_responses_and_chunks_in_a_model_of_the_user_s(case: Case, server: Loopback) -> None:
    @case.call("a-model", stream=True)
    def ask() -> str:
        return "Hi"

    server.queue = [Response(case.response("Hello"))]
    stream = ask()
    chunks = [chunk for chunk, _ in stream]
    response = stream.construct_call_response()
    kinds: dict[str, Any] = {
        "response": (type(response), ...),
        "chunks": (list[type(chunks[0])], ...),
    }
    log = create_model("Log", **kinds)(response=response, chunks=chunks)
    assert log.response is response
    reported = json.loads(log.model_dump_json())
    assert reported["response"] == response.model_dump(mode="json")
    assert [chunk["content"] for chunk in reported["chunks"]] == [str(chunk) for chunk in chunks]


@pytest.mark.parametrize(
    "kind", [CommonCallParams, anthropic.AnthropicCallParams, openai.OpenAICallParams]
)
def test_settings_in_a_model_of_the_user_s(kind: Any) -> None:
    fields: dict[str, Any] = {"call_params": (kind, ...), "metadata": (Metadata, {})}
    settings = create_model("Settings", **fields)(call_params={"temperature": 0.5})
    assert settings.model_dump() == {"call_params": {"temperature": 0.5}, "metadata": {}}
