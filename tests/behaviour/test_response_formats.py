"""Answers of a type as models write them: with reasoning, fences and words around, or bare."""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel, RootModel, ValidationError, field_validator
from support.providers.openai import OPENAI
from support.responses import calling, saying

from mirascope import errors, llm
from mirascope.core import response_of
from mirascope.core._wire.json_response import without_reasoning
from mirascope.testing.loopback import Loopback, Response

if TYPE_CHECKING:
    from support.cases import Case, Driver


class Book(BaseModel):
    title: str
    pages: int = 0


class Genre(Enum):
    FANTASY = "fantasy"
    CRIME = "crime"


class Tags(RootModel[list[str]]):
    pass


WIND = '{"title": "Wind", "pages": 662}'
BOOK = Book(title="Wind", pages=662)

BOOKS = {
    "fence": f"Here it is:\n```json\n{WIND}\n```\nEnjoy!",
    "think": f'<think>Is it {{"title": "Dune"}}? No.</think>\n{WIND}',
    "thinking": f'\n \n<thinking>\nA {{"title": "Dune"}}, a [list]\n</thinking>\n```\n{WIND}\n```',
    "twice": f"<think>Hm.</think><think>Aha.</think>{WIND}",
    "nothing opened": f'Is it {{"title": "Dune"}}? No.\n</think>\n\n{WIND}',
    "half opened": f'It {{"title" ... is it?\n</think>\n\n{WIND}',
    "braces in words": f"For {{genre}} and {{1, 2}}, it is {WIND}",
    "a tag in the text": WIND.replace("Wind", "Wi</think>nd"),
}


@pytest.mark.parametrize("text", BOOKS.values(), ids=BOOKS)
def test_text_around_the_json_is_skipped(
    case: Case, driver: Driver, server: Loopback, text: str
) -> None:
    server.queue = [Response(saying(case, text, 2)), Response.of_json(case.plain(text))]
    options: dict[str, Any] = {"response_model": Book, "json_mode": True}
    stream, values = driver.call_and_read(driver.function(case, **options))
    expected = Book(title="Wi</think>nd" if "Wi</think>nd" in text else "Wind", pages=662)
    assert values[-1] == stream.constructed_response_model == expected
    assert stream.stream.content == text
    plain = driver.call(driver.function(case, stream=False, **options))
    assert plain == expected
    assert stream.reasoning == plain._response.reasoning == without_reasoning(text)[0]
    assert stream.stream.construct_call_response().reasoning == stream.reasoning
    assert plain._response.content == text


def test_partial_values_are_made_of_the_json_only(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(saying(case, BOOKS["thinking"], 2))]
    function = driver.function(case, response_model=Book, json_mode=True)
    _, values = driver.call_and_read(function)
    titles = [value.title for value in values if value.title is not None]
    assert len(set(titles)) > 2
    assert all("Wind".startswith(title) for title in titles)


def test_separate_reasoning_is_not_searched_for_in_the_text(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [
        Response([*case.begin, case.reasoning("Hm."), case.text(WIND), *case.end(3, 2)])
    ]
    stream, _ = driver.call_and_read(driver.function(case, response_model=Book, json_mode=True))
    assert stream.reasoning == "Hm."


def test_the_text_of_a_stream_without_a_response_model_is_unchanged(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(saying(case, BOOKS["think"]))]
    stream, _ = driver.call_and_read(driver.function(case))
    assert stream.content == BOOKS["think"]
    assert stream.reasoning == stream.construct_call_response().reasoning == ""


BARE: dict[str, tuple[Any, str, object]] = {
    "list": (list[Book], f"[{WIND}, {WIND}]", [BOOK, BOOK]),
    "wrapped list": (list[Book], f'{{"value": [{WIND}]}}', [BOOK]),
    "fenced list": (list[str], 'Here:\n```json\n["a", "b"]\n```\nDone.', ["a", "b"]),
    "thought list": (list[int], "<think>[1] or {2}</think>[3]", [3]),
    "empty list": (list[int], "[]", []),
    "int": (int, " 42\n", 42),
    "wrapped int": (int, '<think>4?</think>{"value": 42}', 42),
    "fenced int": (int, "```\n42\n```", 42),
    "float": (float, "4.5", 4.5),
    "true": (bool, "true", True),
    "True": (bool, "True", True),
    "str": (str, "Dune, by Herbert", "Dune, by Herbert"),
    "quoted str": (str, '"Du\\u006ee"', "Dune"),
    "half quoted str": (str, '"Dune" by Herbert', '"Dune" by Herbert'),
    "number as str": (str, "1984", "1984"),
    "braces in str": (str, 'An object is {"a": 1}', 'An object is {"a": 1}'),
    "wrapped str": (str, 'Sure: {"value": "Dune"}', "Dune"),
    "thought str": (str, "<think>Emma?</think>\n\nDune\n", "Dune"),
    "literal": (Literal["yes", "no"], "yes", "yes"),
    "quoted literal": (Literal["yes", "no"], '"no"', "no"),
    "enum": (Genre, "crime", Genre.CRIME),
    "quoted enum": (Genre, '```json\n"crime"\n```', Genre.CRIME),
    "wrapped enum": (Genre, '{"value": "crime"}', Genre.CRIME),
    "union": (int | list[str], '["a"]', ["a"]),
    "other union": (str | int, "42", 42),
    "union of models": (Book | Genre, WIND, BOOK),
    "null": (int | None, "null", None),
    "dict": (dict[str, int], '{"a": 1}', {"a": 1}),
    "wrapped dict": (dict[str, int], '{"value": {"a": 1}}', {"a": 1}),
    "dict of a value": (dict[str, int], '{"value": 1}', {"value": 1}),
    "root model": (Tags, '["a", "b"]', Tags(["a", "b"])),
}


@pytest.mark.parametrize("bare", BARE.values(), ids=BARE)
def test_a_bare_value_is_read(
    case: Case, driver: Driver, server: Loopback, bare: tuple[Any, str, object]
) -> None:
    kind, text, expected = bare
    server.queue = [Response(saying(case, text, 2)), Response.of_json(case.plain(text))]
    options: dict[str, Any] = {"response_model": kind, "json_mode": True}
    stream, values = driver.call_and_read(driver.function(case, **options))
    assert values[-1] == stream.constructed_response_model == expected
    plain = driver.call(driver.function(case, stream=False, **options))
    assert plain == expected
    assert type(plain) is type(expected)


def test_a_bare_list_streams_partial_lists_and_its_elements(
    case: Case, driver: Driver, server: Loopback
) -> None:
    text = f"<think>[1]</think>```json\n[{WIND}, {WIND}]\n```"
    server.queue = [Response(saying(case, text, 2))] * 2
    function = driver.function(case, response_model=list[Book], json_mode=True)
    _, values = driver.call_and_read(function)
    titles = [[book.title for book in books] for books in values]
    assert ["Wi"] in titles
    assert ["Wind", "Wi"] in titles or ["Wind", "W"] in titles
    tried = driver.attempt(function, lambda stream: stream.elements)
    assert tried.items == [BOOK, BOOK]


def test_elements_that_only_the_end_shows_are_not_lost(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(saying(case, f'It has {{"no": 1}}.</think>[{WIND}]'))]
    function = driver.function(case, response_model=list[Book], json_mode=True)
    tried = driver.attempt(function, lambda stream: stream.elements)
    assert (tried.error, tried.items) == (None, [BOOK])


MISFITS: dict[str, tuple[Any, str, str]] = {
    "prose": (list[Book], "I don't know any.", "list_type"),
    "cut-off list": (list[Book], f"[{WIND}, ", "EOF"),
    "cut-off str": (str, '{"value": "Du', "EOF"),
    "cut-off quoted str": (str, '"Du', "JSON"),
    "another object": (str, '{"value": 5}', "string_type"),
    "element": (list[Book], "[{}]", "title"),
    "enum": (Genre, "horror", "fantasy"),
}


@pytest.mark.parametrize("misfit", MISFITS.values(), ids=MISFITS)
def test_what_is_no_value_of_the_type_is_an_error(
    case: Case, driver: Driver, server: Loopback, misfit: tuple[Any, str, str]
) -> None:
    kind, text, problem = misfit
    server.queue = [Response(saying(case, text)), Response.of_json(case.plain(text))]
    for error in refusals(case, driver, kind):
        assert problem in str(error)
        assert_has_the_response(error, text)


def refusals(case: Case, driver: Driver, kind: Any, **options: Any) -> list[Any]:
    """Return the errors of a stream and of a plain call whose responses are invalid."""
    options = {"response_model": kind, "json_mode": True, **options}
    tried = driver.attempt(driver.function(case, **options))
    assert isinstance(tried.error, ValidationError)
    with pytest.raises(ValidationError) as raised:
        driver.call(driver.function(case, stream=False, **options))
    return [tried.error, raised.value]


def assert_has_the_response(error: Any, text: str) -> None:
    response = response_of(error)
    assert response is error.response is error._response
    assert response.content == text
    assert (response.output_tokens, response.partial) == (2, False)


@pytest.mark.parametrize("text", ["", " \n", "<think>Hm, {", "<think>Hm.</think>\n"])
@pytest.mark.parametrize("kind", [Book, list[Book], str])
def test_an_empty_response_is_an_error_with_its_finish_reason(
    case: Case, driver: Driver, server: Loopback, kind: Any, text: str
) -> None:
    server.queue = [Response(saying(case, text)), Response.of_json(case.plain(text))]
    for error in refusals(case, driver, kind):
        assert "The response is empty" in str(error)
        assert case.stop in str(error)
        assert_has_the_response(error, text)
        assert response_of(error).reasoning == without_reasoning(text)[0]


def test_a_bare_text_that_is_cut_off_is_an_error(
    case: Case, driver: Driver, server: Loopback
) -> None:
    length = {
        **dict.fromkeys(("anthropic", "bedrock"), "max_tokens"),
        **dict.fromkeys(("cohere", "gemini"), "MAX_TOKENS"),
        "openai_responses": "max_output_tokens",
    }
    reason = length.get(case.family, "length")

    def cut(data: bytes) -> bytes:
        return data.replace(f'"{case.stop}"'.encode(), f'"{reason}"'.encode())

    plain = json.loads(cut(json.dumps(case.plain("42")).encode()))
    server.queue = [Response(list(map(cut, case.response("42")))), Response.of_json(plain)]
    for error in refusals(case, driver, int):
        assert "JSON" in str(error)
        assert reason in error.__notes__[0]
        assert_has_the_response(error, "42")


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "plain"])
def test_a_refusal_is_an_error_of_its_own(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, *, streamed: bool
) -> None:
    said = "I cannot {help} with that."
    chunk: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": {"refusal": said}, "finish_reason": None}],
    }
    end = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    events = [b"data: " + json.dumps(each).encode() + b"\n\n" for each in (chunk, end)]
    plain = OPENAI.plain("")
    plain["choices"][0]["message"] |= {"content": None, "refusal": said}
    with Loopback() as server:
        monkeypatch.setenv(OPENAI.key_variable, "a-secret-key")
        monkeypatch.setenv(OPENAI.url_variable, OPENAI.url(server.url))
        server.queue = [
            Response([*events, b"data: [DONE]\n\n"]) if streamed else Response.of_json(plain)
        ]
        function = driver.function(OPENAI, stream=streamed, response_model=Book)
        with pytest.raises(errors.ModelRefused, match=r"^I cannot \{help\}") as raised:
            driver.call_and_read(function) if streamed else driver.call(function)
    assert response_of(raised.value).refusal == said


class Loud(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def shouted(cls, name: str) -> str:
        if not name.isupper():
            raise ValueError("not in capitals")
        return name


@pytest.mark.parametrize("mode", ["tool", "json"])
def test_an_invalid_value_keeps_its_response(
    case: Case, driver: Driver, server: Loopback, mode: str
) -> None:
    text = '{"name": "quiet"}'
    if mode == "tool":
        server.queue = [
            Response(calling(case, "Loud", text)),
            Response.of_json(case.called_plain("Loud", text)),
        ]
    else:
        server.queue = [Response(saying(case, text)), Response.of_json(case.plain(text))]
    for error in refusals(case, driver, Loud, json_mode=mode == "json"):
        assert "not in capitals" in str(error)
        assert_has_the_response(error, text if mode == "json" else "")


def test_a_provider_agnostic_invalid_value_keeps_its_response_too(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response.of_json(case.plain('{"name": "quiet"}'))]
    decorate = llm.call(case.name, "requested-model", response_model=Loud, json_mode=True)

    async def aask() -> str:
        return "Hi"

    def ask() -> str:
        return "Hi"

    with pytest.raises(ValidationError) as raised:
        driver.call(lambda _: decorate(aask if driver.asynchronous else ask)())
    assert_has_the_response(raised.value, '{"name": "quiet"}')


def test_an_invalid_element_reports_what_was_received(
    case: Case, driver: Driver, server: Loopback
) -> None:
    server.queue = [Response(saying(case, '[{"name": "A"}, {"name": "b"}, {"name": "C"}]'))]
    function = driver.function(case, response_model=list[Loud], json_mode=True)
    tried = driver.attempt(function, lambda stream: stream.elements)
    assert tried.items == [Loud(name="A")]
    response = response_of(tried.error)
    assert response is not None
    assert response.content.startswith('[{"name": "A"}, {"name": "b"}')


def test_a_value_has_its_response(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response(saying(case, WIND)), Response.of_json(case.plain(WIND))]
    options: dict[str, Any] = {"response_model": Book, "json_mode": True}
    stream, values = driver.call_and_read(driver.function(case, **options))
    plain = driver.call(driver.function(case, stream=False, **options))
    for book in (stream.constructed_response_model, values[-1], plain):
        response = response_of(book)
        assert response is not None
        assert (response.content, response.output_tokens) == (WIND, 2)
    assert response_of(values[0]) is response_of(Book(title="Emma")) is None
