"""Response models, complete and as partial values, for each provider, sync and async."""

from __future__ import annotations

import itertools
import json
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError
from support.fixtures import every_case
from support.providers.anthropic import ANTHROPIC
from support.providers.openai import OPENAI
from support.responses import calling, saying

from mirascope import errors, llm
from mirascope.core import FromCallArgs, Messages, ResponseModelConfigDict
from mirascope.testing.loopback import Loopback, Response, Stall

if TYPE_CHECKING:
    from support.cases import Case, Driver

case = every_case

HALF_A_SECOND = 0.5
HI = Messages.User("Hi")


class Author(BaseModel):
    name: str
    born: int


class Book(BaseModel):
    """A book."""

    title: str = Field(description="The title of the book")
    author: Author
    tags: list[str] = []


class Genre(Enum):
    FANTASY = "fantasy"
    CRIME = "crime"


BOOK: dict[str, Any] = {
    "title": "The Name of the Wind",
    "author": {"name": "Rothfuss", "born": 1973},
    "tags": ["long", "unfinished"],
}


@pytest.fixture(params=["tool", "json"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


def answering(case: Case, mode: str, name: str, value: object, around: str = "{}") -> list[bytes]:
    text = json.dumps(value)
    if mode == "tool":
        return calling(case, name, text)
    return saying(case, around.replace("{}", text))


def test_a_model_streams_as_partial_values(
    case: Case, driver: Driver, server: Loopback, mode: str
) -> None:
    server.queue = [Response(answering(case, mode, "Book", BOOK, "Here it is:\n```json\n{}\n```"))]
    function = driver.function(case, response_model=Book, json_mode=mode == "json")
    stream, partials = driver.call_and_read(function)
    assert partials[-1] == stream.constructed_response_model == Book.model_validate(BOOK)
    assert type(partials[-1]) is Book
    assert all(isinstance(partial, Book) for partial in partials)
    dumps = [partial.model_dump(exclude_unset=True) for partial in partials]
    titles = [dump.get("title") for dump in dumps]
    assert all(BOOK["title"].startswith(title or "") for title in titles)
    assert all(one != other for one, other in itertools.pairwise(dumps[:-1]))
    if not case.whole_calls or mode == "json":
        assert partials[0].author is None
        assert len(set(titles)) > 3
        assert any(d.get("author") == {"name": "Roth"} for d in dumps) or any(
            "name" in (d.get("author") or {}) and "born" not in d["author"] for d in dumps
        )
    assert (stream.stream.state, stream.stream.output_tokens) == ("finished", 2)


def test_the_request_has_the_schema(
    case: Case, driver: Driver, server: Loopback, mode: str
) -> None:
    server.queue = [Response(answering(case, mode, "Book", BOOK))]
    stream, _ = driver.call_and_read(
        driver.function(case, response_model=Book, json_mode=mode == "json")
    )
    sent = json.dumps(server.requests[0].json)
    assert "The title of the book" in sent
    assert "born" in sent
    assert len(stream.stream.messages) == 1
    assert "fantasy" in str(stream.stream.user_message_param)


ignoring_strict = pytest.mark.filterwarnings("ignore:.* does not support 'strict':UserWarning")
"""As most providers do with tools; `test_v1_behaviour.py` tests that they warn of it."""


@ignoring_strict
@pytest.mark.parametrize("strict", [False, True], ids=["", "strict"])
def test_a_title_that_the_user_wrote_reaches_the_model(
    case: Case, driver: Driver, server: Loopback, mode: str, *, strict: bool
) -> None:
    class Visa(BaseModel):
        model_config = ResponseModelConfigDict(title="A visa in a passport", strict=strict)
        full_name: str = Field(title="Name as printed")
        kind: Annotated[Genre, Field(title="Its kind")]
        title: str = "none"

    value = {"full_name": "Ada", "kind": "crime", "title": "Countess"}
    server.queue = [Response(answering(case, mode, "Visa", value))]
    function = driver.function(case, response_model=Visa, json_mode=mode == "json")
    stream, _ = driver.call_and_read(function)
    assert stream.constructed_response_model.full_name == "Ada"
    sent = json.dumps(server.requests[0].json)
    for title in ("A visa in a passport", "Name as printed", "Its kind"):
        assert title in sent
    assert "Full Name" not in sent
    assert '"Title"' not in sent


def test_a_plain_response_is_the_model(
    case: Case, driver: Driver, server: Loopback, mode: str
) -> None:
    text = json.dumps(BOOK)
    plain = case.called_plain("Book", text) if mode == "tool" else case.plain(f"```\n{text}\n```")
    server.queue = [Response.of_json(plain)] * 2
    options = {"stream": False, "response_model": Book, "json_mode": mode == "json"}
    book = driver.call(driver.function(case, **options))
    assert book == Book.model_validate(BOOK)
    assert book._response.output_tokens == 2
    assert book.model_dump() == BOOK
    title = driver.call(driver.function(case, **options, output_parser=lambda book: book.title))
    assert title == BOOK["title"]


def test_beside_tools_a_call_of_one_is_a_response(
    case: Case, driver: Driver, server: Loopback
) -> None:
    def look_up(title: str) -> str:
        """Looks a book up.

        Args:
            title: The title.
        """
        return title

    server.queue = [
        Response.of_json(case.called_plain("look_up", '{"title": "Wind"}')),
        Response.of_json(case.plain(json.dumps(BOOK))),
    ]
    function = driver.function(case, stream=False, response_model=Book, tools=[look_up])
    assert driver.call(function).tool.args == {"title": "Wind"}
    assert driver.call(function) == Book.model_validate(BOOK)


@pytest.mark.parametrize(
    "answer",
    [
        (list[str], ["a", "bc"], ["a", "bc"]),
        (int, 42, 42),
        (bool, True, True),
        (Genre, "crime", Genre.CRIME),
        (Literal["yes", "no"], "yes", "yes"),
        (Annotated[list[int], Field(max_length=2)], [1, 2], [1, 2]),
        (str | int, "word", "word"),
    ],
    ids=["list", "int", "bool", "enum", "literal", "annotated", "union"],
)
def test_types_other_than_models_are_response_models_too(
    case: Case, driver: Driver, server: Loopback, answer: tuple[Any, Any, Any]
) -> None:
    kind, value, expected = answer
    server.queue = [Response(saying(case, json.dumps({"value": value})))]
    stream, values = driver.call_and_read(
        driver.function(case, response_model=kind, json_mode=True)
    )
    assert values[-1] == stream.constructed_response_model == expected


def test_the_elements_of_a_list_are_yielded_as_each_is_complete(
    case: Case, driver: Driver, server: Loopback
) -> None:
    books = [BOOK, {**BOOK, "title": "Wise Man"}, {**BOOK, "title": "Slow Regard"}]
    server.queue = [Response(saying(case, json.dumps({"value": books})))]
    function = driver.function(case, response_model=list[Book], json_mode=True)
    tried = driver.attempt(function, lambda stream: stream.elements)
    assert tried.error is None
    expected = [Book.model_validate(book) for book in books]
    assert tried.items == tried.stream.constructed_response_model == expected


def test_an_element_is_there_before_the_next(case: Case, driver: Driver, server: Loopback) -> None:
    text = json.dumps({"value": [BOOK, BOOK]})
    begun = case.response(*in_pieces_of(text[: text.index("}, {") + 20]))[: -len(case.end(3, 2))]
    server.queue = [Response([*begun, Stall()])]
    function = driver.function(case, response_model=list[Book], json_mode=True)
    stream, element = first_of(driver, function, lambda stream: stream.elements)
    assert element == Book.model_validate(BOOK)
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert stream.stream.state == "closed"


def first_of(driver: Driver, function: Any, items_of: Any = lambda stream: stream) -> Any:
    """Call, read one item and stop; return the stream and the item."""

    async def first() -> Any:
        stream = await function("fantasy")
        async for item in items_of(stream):
            return stream, item
        raise AssertionError

    if driver.asynchronous:
        return driver.run(first)
    stream = function("fantasy")
    for item in items_of(stream):
        return stream, item
    raise AssertionError


def in_pieces_of(text: str) -> list[str]:
    return [text[at : at + 5] for at in range(0, len(text), 5)]


def test_only_lists_have_elements(case: Case, driver: Driver, server: Loopback) -> None:
    assert server.queue == []
    stream = driver.call(driver.function(case, response_model=Book))
    with pytest.raises(TypeError, match="Book"):
        _ = stream.elements


def test_stopping_closes_the_connection(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response([*saying(case, '{"title": "The')[: -len(case.end(3, 2))], Stall()])]
    function = driver.function(case, response_model=Book, json_mode=True)
    stream, partial = first_of(driver, function)
    assert partial.title is None or "The".startswith(partial.title)
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)
    assert stream.stream.state == "closed"


def test_closing_inside_the_loop_ends_it(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response([*saying(case, '{"title": "The')[: -len(case.end(3, 2))], Stall()])]
    function = driver.function(case, response_model=Book, json_mode=True)

    async def close_at_once() -> Any:
        stream = await function("fantasy")
        async for _ in stream:
            await stream.aclose()
        return stream

    if driver.asynchronous:
        stream = driver.run(close_at_once)
    else:
        stream = function("fantasy")
        for _ in stream:
            stream.close()
    assert stream.stream.state == "closed"
    assert server.connections[0].disconnected.wait(HALF_A_SECOND)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"title": "The Name', "EOF"),
        ('{"title": "The Name"}', "author"),
        ("I don't know any", "EOF"),
        ('{"title": 1, 2}', "JSON"),
    ],
    ids=["cut off", "does not fit", "no JSON", "not JSON"],
)
def test_an_invalid_response_is_a_validation_error(
    case: Case, driver: Driver, server: Loopback, text: str, message: str
) -> None:
    server.queue = [Response(saying(case, text)), Response.of_json(case.plain(text))]
    tried = driver.attempt(driver.function(case, response_model=Book, json_mode=True))
    assert isinstance(tried.error, ValidationError)
    assert message in str(tried.error)
    assert case.stop in tried.error.__notes__[0]
    assert all(isinstance(partial, Book) for partial in tried.items)
    inner = tried.stream.stream
    assert (inner.content, inner.state) == (text, "finished")
    with pytest.raises(ValidationError):
        driver.call(driver.function(case, stream=False, response_model=Book, json_mode=True))


def test_a_stream_that_fails_fails(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [
        Response([*saying(case, '{"title": "The')[: -len(case.end(3, 2))], case.failure])
    ]
    tried = driver.attempt(driver.function(case, response_model=Book, json_mode=True))
    assert isinstance(tried.error, errors.StreamAPIError)
    assert isinstance(tried.error, case.sdk_error)


def test_fields_are_filled_from_the_call_s_arguments(
    case: Case, driver: Driver, server: Loopback, mode: str
) -> None:
    class Recommendation(BaseModel):
        title: str
        genre: Annotated[str, FromCallArgs()]

    server.queue = [Response(answering(case, mode, "Recommendation", {"title": "Wind"}))]
    function = driver.function(case, response_model=Recommendation, json_mode=mode == "json")
    stream, values = driver.call_and_read(function)
    assert stream.constructed_response_model == Recommendation(title="Wind", genre="fantasy")
    assert {value.genre for value in values} == {"fantasy"}
    sent = json.dumps({**server.requests[0].json, "messages": None, "contents": None})
    assert "genre" not in sent


def test_a_field_from_an_argument_that_the_call_does_not_have_is_an_error(
    case: Case, driver: Driver, server: Loopback
) -> None:
    class Recommendation(BaseModel):
        title: str
        mood: Annotated[str, FromCallArgs()]

    with pytest.raises(ValueError, match=r"Recommendation\.mood .* genre"):
        driver.call(driver.function(case, response_model=Recommendation))
    assert server.requests == []


@ignoring_strict
def test_strict_models_request_strict_schemas(
    case: Case, driver: Driver, server: Loopback, mode: str
) -> None:
    class Strict(BaseModel):
        model_config = ResponseModelConfigDict(strict=True)
        title: str
        pages: int | None = None

    book = {"title": "Wind", "pages": None}
    server.queue = [
        Response(answering(case, mode, "Strict", book)),
        Response(answering(case, mode, "list", {"value": [book]})),
    ]
    for kind, expected in (Strict, Strict(title="Wind")), (list[Strict], [Strict(title="Wind")]):
        function = driver.function(case, response_model=kind, json_mode=mode == "json")
        stream, _ = driver.call_and_read(function)
        assert stream.constructed_response_model == expected
        sent = json.dumps(server.requests[-1].json)
        assert "pages" in sent
        if case.family == "openai":
            assert '"strict": true' in sent
            assert '"additionalProperties": false' in sent
            assert '"required": ["title", "pages"]' in sent


only_anthropic = pytest.mark.parametrize("case", [ANTHROPIC], ids=["anthropic"])

THINKING: list[tuple[Case, dict[str, Any]]] = [
    (ANTHROPIC, {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
    (ANTHROPIC, {"thinking": {"type": "adaptive"}, "max_tokens": 4096}),
    (ANTHROPIC, {"extra_body": {"thinking": {"type": "enabled", "budget_tokens": 1024}}}),
    (OPENAI, {"extra_body": {"thinking": {"type": "enabled"}}}),
    (OPENAI, {"extra_body": {"enable_thinking": True}}),
]


@pytest.mark.parametrize(("case", "params"), THINKING)
@pytest.mark.parametrize("where", ["decorator", "dynamic configuration", "llm"])
def test_no_tool_is_forced_while_the_model_thinks(
    case: Case, driver: Driver, server: Loopback, params: dict[str, Any], where: str
) -> None:
    config = {"call_params": params}
    returned = "Hi" if where != "dynamic configuration" else {"messages": [HI], **config}
    options = {"response_model": Book} | (config if where != "dynamic configuration" else {})

    def ask() -> Any:
        return returned

    async def aask() -> Any:
        return returned

    text = json.dumps(BOOK)
    thinking = [case.reasoning("Hm."), *saying(case, text)[len(case.begin) :]]
    server.queue = [Response([*case.begin, *thinking]), Response.of_json(case.plain(text))]
    for stream in (True, False):
        named = {"provider": case.name, "model": "requested-model"} if where == "llm" else {}
        call = llm.call if named else partial(case.call, "requested-model")
        decorated = call(**named, stream=stream, **options)(aask if driver.asynchronous else ask)
        if stream:
            answer, values = driver.call_and_read(lambda _, run=decorated: run())
            assert values[-1] == Book.model_validate(BOOK)
            assert answer.reasoning == "Hm."
        else:
            assert driver.call(lambda _, run=decorated: run()) == Book.model_validate(BOOK)
    for request in server.requests:
        assert not {"tools", "tool_choice"} & request.json.keys()
        assert "The title of the book" in json.dumps(request.json["messages"])


@only_anthropic
def test_a_tool_is_forced_where_thinking_is_off(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response.of_json(case.called_plain("Book", json.dumps(BOOK)))]
    options: dict[str, Any] = {"stream": False, "response_model": Book}
    params = {"call_params": {"thinking": {"type": "disabled"}}}
    assert driver.call(driver.function(case, **options, **params)).title == BOOK["title"]
    assert server.requests[0].json["tool_choice"]["name"] == "Book"


@only_anthropic
def test_effort_and_a_strict_schema_go_together(
    case: Case, driver: Driver, server: Loopback
) -> None:
    class Strict(BaseModel):
        model_config = ResponseModelConfigDict(strict=True)
        title: str

    server.queue = [Response.of_json(case.plain('{"title": "Wind"}'))]
    params: Any = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}
    options: dict[str, Any] = {"stream": False, "response_model": Strict}
    strict = driver.call(driver.function(case, **options, call_params=params))
    assert strict == Strict(title="Wind")
    sent = server.requests[0].json["output_config"]
    assert (sent["effort"], sent["format"]["type"]) == ("low", "json_schema")


def test_json_mode_alone_is_a_stream_of_text(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(saying(case, '{"a": 1}'))]
    stream, _ = driver.call_and_read(driver.function(case, json_mode=True))
    assert json.loads(stream.content) == {"a": 1}
    assert "json" in json.dumps(server.requests[0].json).lower()


def test_parsers_do_not_stream(case: Case) -> None:
    with pytest.raises(ValueError, match="output_parser"):
        case.call("requested-model", stream=True, output_parser=str)
