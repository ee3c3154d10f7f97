"""Partial values follow the JSON that is received, and validators run on what is complete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    cast,
    get_origin,
)

import pytest
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    PrivateAttr,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)
from support.growth import assert_linear

from mirascope.core._structured.partial_types import partial_type
from mirascope.core._structured.partial_value import MalformedJSONError, PartialValue


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Author(BaseModel):
    name: str
    born: datetime | None = None


class Book(BaseModel):
    title: Annotated[str, Field(min_length=3)]
    author: Author
    pages: int = Field(gt=0)
    tags: list[str] = []
    colour: Colour | None = None


class Shelf(BaseModel):
    books: list[Book]


def follow(kind: type[BaseModel], text: str, size: int = 1) -> list[Any]:
    """Return the values that are reported as changes."""
    growing = PartialValue(kind)
    changes: list[Any] = []
    for i in range(0, len(text), size):
        before = growing.value
        if growing.feed(text[i : i + size]):
            changes.append(growing.value)
            assert isinstance(growing.value, kind)
            assert growing.value is not before
        else:
            assert growing.value is before
    assert all(a != b for a, b in pairwise(changes))
    for value in changes:
        assert repr(value)
        value.model_dump()
    return changes


def shown(kind: type[BaseModel], text: str) -> Any:
    growing = PartialValue(kind)
    growing.feed(text)
    return growing.value


BOOK = '{"title": "Dune", "author": {"name": "Frank"}, "pages": 12, "tags": ["a"], "colour": "red"}'


def test_a_partial_book_follows_its_json() -> None:
    assert [repr(value) for value in follow(Book, BOOK)] == [
        "PartialBook()",
        "PartialBook(title='')",
        "PartialBook(title='D')",
        "PartialBook(title='Du')",
        "PartialBook(title='Dun')",
        "PartialBook(title='Dune')",
        "PartialBook(title='Dune', author=PartialAuthor())",
        "PartialBook(title='Dune', author=PartialAuthor(name=''))",
        "PartialBook(title='Dune', author=PartialAuthor(name='F'))",
        "PartialBook(title='Dune', author=PartialAuthor(name='Fr'))",
        "PartialBook(title='Dune', author=PartialAuthor(name='Fra'))",
        "PartialBook(title='Dune', author=PartialAuthor(name='Fran'))",
        "PartialBook(title='Dune', author=PartialAuthor(name='Frank'))",
        "PartialBook(title='Dune', author=Author(name='Frank', born=None))",
        "PartialBook(title='Dune', author=Author(name='Frank', born=None), pages=12)",
        "PartialBook(title='Dune', author=Author(name='Frank', born=None), pages=12, tags=[])",
        "PartialBook(title='Dune', author=Author(name='Frank', born=None), pages=12, tags=[''])",
        "PartialBook(title='Dune', author=Author(name='Frank', born=None), pages=12, tags=['a'])",
        (
            "PartialBook(title='Dune', author=Author(name='Frank', born=None), pages=12, "
            "tags=['a'], "
            "colour=<Colour.RED: 'red'>)"
        ),
        repr(Book.model_validate_json(BOOK)),
    ]


def test_a_field_that_is_not_received_is_none_and_not_set() -> None:
    book = shown(Book, '{"title": "D')
    assert (book.author, book.pages, book.tags) == (None, None, None)
    assert book.model_fields_set == {"title"}
    assert book.model_dump(exclude_unset=True) == {"title": "D"}
    assert book.model_dump_json(exclude_none=True) == '{"title":"D"}'
    assert PartialValue(Book).value is None


def test_the_partial_type_is_one_subclass() -> None:
    assert partial_type(Book) is partial_type(Book)
    assert type(shown(Book, "{")) is partial_type(Book)
    assert issubclass(partial_type(Book), Book)
    assert partial_type(Book)().pages is None


def test_partial_values_share_what_is_complete() -> None:
    growing = PartialValue(Shelf)
    growing.feed(f'{{"books": [{BOOK}, {{"title": "D')
    first = growing.value
    growing.feed("u")
    second = growing.value
    assert first is not None
    assert second is not None
    assert first.books is not second.books
    assert first.books[0] is second.books[0]
    assert (first.books[1].title, second.books[1].title) == ("D", "Du")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('{"title": "D", ', "PartialBook(title='D')"),
        ('{"pages": -1, ', "PartialBook()"),
        ('{"pages": "x", ', "PartialBook()"),
        ('{"author": {"born": "x"}, ', "PartialBook(author=PartialAuthor())"),
        ('{"author": [1, 2], ', "PartialBook()"),
        ('{"author": "F', "PartialBook()"),
        ('{"colour": "green", ', "PartialBook()"),
        ('{"title": "Dune", "other": {"title": ["x"', "PartialBook(title='Dune')"),
        ('{"title": "Dune"}', "PartialBook(title='Dune')"),
        ('{"title": "Emma", "title": "Du', "PartialBook(title='Du')"),
    ],
)
def test_an_invalid_value_keeps_its_last_valid_state(text: str, seen: str) -> None:
    assert repr(shown(Book, text)) == seen
    assert repr(follow(Book, text)[-1]) == seen


def test_the_result_is_valid_or_says_why_not() -> None:
    growing = PartialValue(Book)
    with pytest.raises(ValueError, match="not complete"):
        growing.result()
    growing.feed(BOOK)
    assert growing.result() is growing.value
    assert growing.complete
    growing = PartialValue(Book)
    growing.feed('{"title": "D"')
    growing.feed("}")
    assert repr(growing.value) == "PartialBook(title='D')"
    with pytest.raises(ValidationError, match="at least 3"):
        growing.result()


def test_malformed_json_keeps_what_was_received() -> None:
    growing = PartialValue(Book)
    with pytest.raises(MalformedJSONError):
        growing.feed('{"title": "Dune"]')
    assert growing.value is not None
    assert growing.value.title == "Dune"


def test_elements_are_returned_as_they_are_complete() -> None:
    growing = PartialValue(Shelf)
    assert growing.elements("books") == []
    growing.feed(f'{{"books": [{BOOK[:-1]}')
    assert growing.elements("books") == []
    growing.feed(f'}}, {BOOK}, {{"title": "D"}}, {BOOK}')
    book = Book.model_validate_json(BOOK)
    assert growing.elements("books") == [book, book]
    with pytest.raises(ValidationError, match="at least 3"):
        growing.elements("books")
    assert growing.elements("books") == [book]
    assert growing.elements("books") == []


def test_validators_run_once_each_when_their_model_is_complete() -> None:
    ran: list[str] = []

    class Inner(BaseModel):
        x: int

        @field_validator("x")
        @classmethod
        def check_x(cls, x: int) -> int:
            ran.append(f"x {x}")
            return x

    class Outer(BaseModel):
        inners: list[Inner]
        one: Inner | None = None
        _secret: int = PrivateAttr(default=7)

        @field_validator("inners")
        @classmethod
        def check(cls, inners: list[Inner]) -> list[Inner]:
            ran.append(f"outer {len(inners)}")
            return inners

        def model_post_init(self, _context: object, /) -> None:
            ran.append("post")

    text = '{"inners": [{"x": 1}, {"x": 2}], "one": {"x": 3}}'
    changes = follow(Outer, text)
    assert ran == ["x 1", "x 2", "x 3", "outer 2", "post"]
    assert all(value._secret == 7 for value in changes)
    assert changes[-1] == Outer.model_validate_json(text)


def test_validators_that_read_the_json_get_the_json() -> None:
    class Inner(BaseModel):
        x: int

    class Outer(BaseModel):
        inner: Inner
        sum: int = 0

        @model_validator(mode="before")
        @classmethod
        def check(cls, data: dict[str, Any]) -> dict[str, Any]:
            return {**data, "sum": data["inner"]["x"] + 1}

    text = '{"inner": {"x": 1}}'
    last = follow(Outer, text)[-1]
    assert last == Outer.model_validate_json(text)
    assert last.sum == 2


class Checked(BaseModel):
    url: HttpUrl = HttpUrl("http://a.b")
    metadata: list[int] = []
    ran: ClassVar[list[str]] = []

    @model_validator(mode="before")
    @classmethod
    def check_json(cls, data: object) -> object:
        assert isinstance(data, dict)
        cls.ran.append("json")
        return cast("object", data)

    @field_validator("metadata", mode="wrap")
    @classmethod
    def check_metadata(cls, data: object, handler: Callable[[object], list[int]]) -> list[int]:
        assert isinstance(data, list)
        cls.ran.append("metadata")
        return [*handler(data), 0]


@pytest.mark.parametrize("kind", [list[Checked], dict[str, Checked | None], tuple[Checked, int]])
def test_validators_that_read_the_json_of_an_element_run_once_too(kind: Any) -> None:
    Checked.ran.clear()
    outer = create_model("Outer", items=(kind, ...))
    outermost = create_model("Outermost", outer=(outer, ...))
    element = '{"url": "http://x.y", "metadata": [1]}'
    many = {list: f"[{element}, {element}]", dict: f'{{"a": {element}, "b": {element}}}'}
    items = many.get(get_origin(kind), f"[{element}, 1]")
    last = follow(outermost, f'{{"outer": {{"items": {items}}}}}')[-1]
    assert Checked.ran == ["json", "metadata"] * items.count("url")
    assert last == outermost.model_validate_json(f'{{"outer": {{"items": {items}}}}}')


class Counted(BaseModel):
    x: int


class After(Counted):
    @model_validator(mode="after")
    def add(self) -> After:
        self.x += 1
        return self


class Wrapped(Counted):
    @model_validator(mode="wrap")
    @classmethod
    def add(cls, data: Any, handler: Callable[[object], Wrapped]) -> Wrapped:
        return handler({"x": data["x"] + 1})


class Again(Counted):
    model_config = ConfigDict(revalidate_instances="always")

    @field_validator("x")
    @classmethod
    def add(cls, x: int) -> int:
        return x + 1


def added(one: dict[str, int]) -> dict[str, int]:
    return {"x": one["x"] + 1}


def all_added(data: list[dict[str, int]]) -> list[dict[str, int]]:
    return [added(one) for one in data]


@pytest.mark.parametrize(
    "kind",
    [
        list[After],
        list[After | None],
        dict[int, list[Wrapped]] | list[Wrapped],
        tuple[Again, ...],
        list[Annotated[Counted, BeforeValidator(added)]],
        Annotated[list[Counted], BeforeValidator(all_added)],
        Annotated[list[Counted] | None, BeforeValidator(all_added)],
    ],
    ids=["after", "after or none", "wrap", "again", "before", "before a list", "before a union"],
)
def test_no_validator_changes_a_value_twice(kind: Any) -> None:
    outer = create_model("Outer", items=(kind, ...), last=(int, 0))
    outermost = create_model("Outermost", outer=(outer, ...))
    text = '{"outer": {"items": [{"x": 1}, {"x": 3}], "last": 1}}'
    truth = outermost.model_validate_json(text)
    assert [one.x for one in truth.outer.items] == [2, 4]
    assert follow(outermost, text)[-1] == truth


def test_fields_are_found_by_their_aliases() -> None:
    class Named(BaseModel):
        model_config = ConfigDict(populate_by_name=True)
        one: str = Field(alias="eins")
        two: str = Field(validation_alias=AliasChoices("zwei", "deux"))
        three: str = ""

    text = '{"eins": "a", "deux": "b", "three": "c"'
    assert repr(shown(Named, text)) == "PartialNamed(one='a', two='b', three='c')"
    assert repr(shown(Named, '{"one": "a"')) == "PartialNamed(one='a')"
    assert shown(Named, text).model_dump(by_alias=True)["eins"] == "a"


@pytest.mark.parametrize(
    ("extra", "seen"), [("allow", "(a='x', b={'c': ['d']})"), ("forbid", "(a='x')")]
)
def test_fields_that_the_model_does_not_know(extra: Literal["allow", "forbid"], seen: str) -> None:
    kind = create_model("Open", __config__=ConfigDict(extra=extra), a=(str, ...))
    assert repr(shown(kind, '{"a": "x", "b": {"c": ["d')) == f"PartialOpen{seen}"
    follow(kind, '{"a": "x", "b": {"c": ["d"]}}')


def test_a_key_that_is_a_field_s_name_but_not_its_alias() -> None:
    kind = create_model("Open", __config__=ConfigDict(extra="allow"), a=(str, Field(alias="b")))
    last = follow(kind, '{"b": "x", "a": "y", "e": 1, "d": 2, "c": 3, ')[-1]
    assert repr(last) == "PartialOpen(a='x', e=1, d=2, c=3)"


def test_the_work_is_linear() -> None:
    def growing(books: int) -> Callable[[], None]:
        text = f'{{"books": [{BOOK}{f", {BOOK}" * books}]}}'
        value = PartialValue(Shelf)

        def grow() -> None:
            for i in range(0, len(text), 4):
                value.feed(text[i : i + 4])
            assert value.complete

        return grow

    assert_linear(growing, 25)
