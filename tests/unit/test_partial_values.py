"""Values that grow, for models written here and for models made up by hypothesis."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from itertools import pairwise
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NotRequired,
    Optional,
    TypeVar,
    cast,
    get_origin,
)

import annotated_types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    Base64Str,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    Json,
    PrivateAttr,
    RootModel,
    ValidationError,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic.version import VERSION
from typing_extensions import TypedDict

from mirascope.core._structured.growing import Growing, MalformedJSONError
from mirascope.core._structured.partial_types import partial_type


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
    """Return the values that are told as changes."""
    growing = Growing(kind)
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
    growing = Growing(kind)
    growing.feed(text)
    return growing.value


BOOK = '{"title": "Dune", "author": {"name": "Frank"}, "pages": 12, "tags": ["a"], "colour": "red"}'


def test_a_book_grows() -> None:
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


def test_what_has_not_begun_is_none_and_not_set() -> None:
    book = shown(Book, '{"title": "D')
    assert (book.author, book.pages, book.tags) == (None, None, None)
    assert book.model_fields_set == {"title"}
    assert book.model_dump(exclude_unset=True) == {"title": "D"}
    assert book.model_dump_json(exclude_none=True) == '{"title":"D"}'
    assert Growing(Book).value is None


def test_the_partial_type_is_one_subclass() -> None:
    assert partial_type(Book) is partial_type(Book)
    assert type(shown(Book, "{")) is partial_type(Book)
    assert issubclass(partial_type(Book), Book)
    assert partial_type(Book)().pages is None


def test_pictures_share_what_is_complete() -> None:
    growing = Growing(Shelf)
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
def test_what_is_not_valid_stays_as_it_was(text: str, seen: str) -> None:
    assert repr(shown(Book, text)) == seen
    assert repr(follow(Book, text)[-1]) == seen


def test_the_result_is_valid_or_says_why_not() -> None:
    growing = Growing(Book)
    with pytest.raises(ValueError, match="not complete"):
        growing.result()
    growing.feed(BOOK)
    assert growing.result() is growing.value
    assert growing.complete
    growing = Growing(Book)
    growing.feed('{"title": "D"')
    growing.feed("}")
    assert repr(growing.value) == "PartialBook(title='D')"
    with pytest.raises(ValidationError, match="at least 3"):
        growing.result()


def test_malformed_json_keeps_what_came() -> None:
    growing = Growing(Book)
    with pytest.raises(MalformedJSONError):
        growing.feed('{"title": "Dune"]')
    assert growing.value is not None
    assert growing.value.title == "Dune"


def test_elements_come_as_they_are_complete() -> None:
    growing = Growing(Shelf)
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


def test_aliases() -> None:
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


T = TypeVar("T")


class Node(BaseModel):
    name: str
    children: list[Node] = []
    parent: Optional[Node] = None  # noqa: UP045  (the old spelling must work)


class Page(BaseModel, Generic[T]):
    items: tuple[T, ...]
    by_number: dict[int, T] = {}
    pair: tuple[int, str] = (0, "")


class Special(Author):
    model_config = ConfigDict(frozen=True, strict=True)
    kind: ClassVar[str] = "special"
    seen: frozenset[str] = frozenset()

    @computed_field
    @property
    def initial(self) -> str:
        return self.name[0] + str(len(self.seen))

    @field_serializer("born")
    def _born(self, born: datetime) -> str:
        return born.isoformat()


class Names(RootModel[list[Author]]): ...


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str


class Dog(BaseModel):
    name: str
    kind: Literal["dog"]


class Pets(BaseModel):
    pet: Cat | Dog
    names: Names | None = None
    loose: list[Cat | Author] = []
    untyped: Any = None
    text_or_list: str | list[str] = ""
    when: datetime | str = ""


Bare: Any = create_model("Bare", a=(list, []), b=(tuple, ()), c=(dict, {}))


@pytest.mark.parametrize(
    ("kind", "text", "seen"),
    [
        (Bare, '{"a": [{"x": "y', "(a=[{'x': 'y'}])"),
        (Bare, '{"b": [[1, "b', "(b=([1, 'b'],))"),
        (Bare, '{"c": {"x": ["y', "(c={'x': ['y']})"),
        (Node, '{"name": "a", "children": [{"name": "b', "(name='a', children=[{}(name='b')])"),
        (Node, '{"parent": {"parent": {"name": "b', "(parent={}(parent={}(name='b')))"),
        (Page[str], '{"items": ["a", "b', "(items=('a', 'b'))"),
        (Page[str], '{"by_number": {"1": "b', "(by_number={1: 'b'})"),
        (Page[str], '{"by_number": {"x": "b', "(by_number={})"),
        (Page[str], '{"pair": [1, "b', "(pair=(1, 'b'))"),
        (Page[str], '{"pair": [1, "b", 3, "c', "(pair=(1, 'b'))"),
        (Special, '{"name": "a", "seen": ["a"', "(name='a')"),
        (Special, '{"seen": ["a"]', "(seen=frozenset({'a'}))"),
        (Special, '{"born": "2020-01-01T00:00:00Z"', "(born=datetime.datetime(2020, 1, 1,"),
        (Names, '[{"name": "a', "(root=[PartialAuthor(name='a')])"),
        (Pets, '{"pet": {"name": "T', "()"),
        (Pets, '{"pet": {"name": "T", "kind": "dog"', "(pet=PartialDog(name='T', kind='dog'))"),
        (Pets, '{"pet": {"kind": "cat", "name": "T', "(pet=PartialCat(kind='cat', name='T'))"),
        (Pets, '{"pet": {"name": ["T"], "kind": "dog", ', "(pet=PartialDog(kind='dog'))"),
        (Pets, '{"pet": {"kind": "cow", "name": "T"}, ', "()"),
        (Pets, '{"names": [{"name": "a', "(names=PartialNames(root=[PartialAuthor(name='a')]))"),
        (Pets, '{"loose": [{"name": "a"}', "(loose=[Author(name='a', born=None)])"),
        (Pets, '{"untyped": {"a": ["b', "(untyped={'a': ['b']})"),
        (Pets, '{"text_or_list": "a', "(text_or_list='a')"),
        (Pets, '{"text_or_list": ["a', "(text_or_list=['a'])"),
        (Pets, '{"when": "a', "()"),
        (Pets, '{"when": "a", ', "(when='a')"),
    ],
)
def test_kinds_of_models(kind: type[BaseModel], text: str, seen: str) -> None:
    name = f"Partial{kind.__name__}"
    assert repr(follow(kind, text)[-1]).startswith(name + seen.replace("{}(", f"{name}("))


class Point(TypedDict):
    x: int
    at: NotRequired[datetime]


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="allow")
    __pydantic_extra__: dict[str, datetime | str]
    both: list[Author] = Field([], alias="two")


class Deep(BaseModel):
    deep: str = Field("", validation_alias=AliasPath("a", "b"))


class Awkward(BaseModel):
    pet: Annotated[Cat | Dog | None, Field(discriminator="kind")] = None
    number: Json[int] | None = None
    secret: Base64Str = ""
    when: datetime | str | None = None
    point: Point | None = None
    names: Sequence[Author] = ()
    type: list[Annotated[str, AfterValidator(str.title)]] = []


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", defer_build=True)
    __pydantic_extra__: dict[str, int | str]
    pair: tuple[int, str] = (0, "")
    when: datetime | None = None
    tags: frozenset[Colour] = frozenset()
    inner: Strict | None = None
    ratio: float = 0


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Aliased, '{"two": [{"name": "a"}], "both": [{"name": "b"}]}'),
        pytest.param(
            Aliased,
            '{"both": [{"name": "b"}], "two": [{"name": "a"}], "both": 1}',
            marks=pytest.mark.skipif(
                VERSION.startswith(("2.10", "2.11", "2.12")),
                reason="this pydantic validates a value that is replaced",
            ),
        ),
        (Aliased, '{"two": 1, "two": [{"name": "b"}]}'),
        (Deep, '{"a": {"b": "c"}}'),
        (Aliased, '{"when": "2020-01-01T00:00:00Z", "other": 1}'),
        (Aliased, '{"when": "2020-01-01T00:00:00Z", "other": ""}'),
        (Awkward, '{"pet": {"name": "T", "kind": "dog"}, "number": "12", "secret": "YWJj"}'),
        (Awkward, '{"when": "2020-01-01T00:00:00Z", "point": {"x": "1", "at": "2020-01-01"}}'),
        (Awkward, '{"names": [{"name": "a"}], "type": ["ab", "cd"]}'),
        (Awkward, '{"names": [{"name": 1}], "pet": {"kind": "cow"}, "number": "x"}'),
        (Strict, '{"pair": [1, "a"], "tags": ["red"], "inner": {"when": "2020-01-01T00:00:00Z"}}'),
        (Strict, '{"ratio": 1, "a": 1, "pair": "b", "pair": [1, "b"]}'),
        (Strict, '{"pair": [1, "a", 2], "b": [], "inner": {"ratio": "1", "tags": ["x"]}}'),
    ],
)
def test_the_end_is_what_plain_validation_gives(kind: type[BaseModel], text: str) -> None:
    growing = Growing(kind)
    for character in text:
        growing.feed(character)
    try:
        truth = kind.model_validate_json(text)
    except ValidationError as error:
        with pytest.raises(ValidationError) as caught:
            growing.result()
        assert caught.value.errors() == error.errors()  # noqa: PT017
    else:
        assert repr(growing.result()) == repr(truth)


WORDS = st.text(st.sampled_from('ab"\\é😀\n'), max_size=5)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (str, WORDS),
    (int, st.integers(-9, 10**20)),
    (float, st.floats(-1e9, 1e9)),
    (bool, st.booleans()),
    (Colour, st.sampled_from(Colour)),
    (Literal["x", 1], st.sampled_from(["x", 1])),
    (datetime, MOMENTS),
    (Annotated[str, annotated_types.MinLen(2)], WORDS.map("ab".__add__)),
    (Annotated[int, annotated_types.Gt(3)], st.integers(4, 99)),
    (int | str, WORDS | st.integers(0, 9)),
    (datetime | str | None, MOMENTS | WORDS | st.none()),
]
Kind = tuple[Any, st.SearchStrategy[Any]]


def containers(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    return (
        inner.map(lambda k: (list[k[0]], st.lists(k[1], max_size=3)))
        | inner.map(lambda k: (dict[str, k[0]], st.dictionaries(WORDS, k[1], max_size=3)))
        | inner.map(lambda k: (k[0] | None, k[1] | st.none()))
        | st.tuples(inner, inner).map(
            lambda ks: (tuple[ks[0][0], ks[1][0]], st.tuples(ks[0][1], ks[1][1]))
        )
        | st.lists(inner, min_size=1, max_size=3).map(model)
        | st.lists(inner, min_size=2, max_size=2).map(tagged)
    )


def model(kinds: list[Kind], name: str = "Made", **tag: Any) -> Kind:
    fields: dict[str, Any] = {
        f"f{i}": (kind, Field(alias=f"F {i}") if i % 2 else ...)
        for i, (kind, _) in enumerate(kinds)
    }
    tags: dict[str, Any] = {key: (Literal[value], ...) for key, value in tag.items()}
    made = create_model(name, **fields, **tags)
    keys = [f"F {i}" if i % 2 else f"f{i}" for i in range(len(kinds))]
    values = {key: kind[1] for key, kind in zip(keys, kinds, strict=True)}
    fixed = {key: st.just(value) for key, value in tag.items()}
    return made, st.fixed_dictionaries({**values, **fixed}).map(made.model_validate)


def tagged(kinds: list[Kind]) -> Kind:
    made = [model([kind], f"Tagged{i}", tag=f"t{i}") for i, kind in enumerate(kinds)]
    return made[0][0] | made[1][0], made[0][1] | made[1][1]


MODELS = st.lists(
    st.recursive(st.sampled_from(LEAVES), containers, max_leaves=4), min_size=1, max_size=4
).map(model)


def is_prefix(part: Any, whole: Any) -> bool:
    if isinstance(part, BaseModel):
        names = part.model_fields_set
        return isinstance(part, type(whole)) and all(
            is_prefix(getattr(part, name), getattr(whole, name)) for name in names
        )
    if isinstance(part, str) and not isinstance(part, Enum):
        return isinstance(whole, str) and whole.startswith(part)
    if isinstance(part, (list, tuple)):
        same = type(part) is type(whole) and len(part) <= len(whole)
        return same and all(map(is_prefix, part, whole))
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(is_prefix(part[k], whole[k]) for k in part)
    return type(part) is type(whole) and bool(part == whole)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(MODELS, st.data())
def test_every_partial_of_any_model_is_a_prefix_of_the_truth(
    kind: tuple[type[BaseModel], st.SearchStrategy[BaseModel]], data: st.DataObject
) -> None:
    made, values = kind
    whole = data.draw(values)
    plain = json.loads(whole.model_dump_json(by_alias=True))
    text = json.dumps(
        plain, ensure_ascii=data.draw(st.booleans()), indent=data.draw(st.sampled_from([None, 1]))
    )
    truth = made.model_validate_json(text)
    changes = follow(made, text, data.draw(st.integers(1, 9)))
    assert all(is_prefix(change, truth) for change in changes), (changes, truth)
    assert type(changes[-1]) is made
    assert repr(changes[-1]) == repr(truth)


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from('{}[]",:\\u0dD8 \ntrue1.-ametifl'), max_size=60))
def test_any_text_raises_nothing_but_the_documented_error(text: str) -> None:
    for kind in (Book, Node, Pets, Names):
        growing = Growing(kind)
        try:
            for piece in ["{" * (kind is not Names), '"pet": {' * (kind is Pets), *text]:
                growing.feed(piece)
                repr(growing.value)
        except MalformedJSONError:
            continue


def seconds_to_grow(kind: type[BaseModel], text: str) -> float:
    growing = Growing(kind)
    start = time.process_time()
    for i in range(0, len(text), 4):
        growing.feed(text[i : i + 4])
    assert growing.complete
    return time.process_time() - start


def test_the_work_is_linear() -> None:
    small, large = (
        min(seconds_to_grow(Shelf, f'{{"books": [{BOOK}{f", {BOOK}" * n}]}}') for _ in range(3))
        for n in (25, 200)
    )
    assert large < 8 * 4 * small  # quadratic work would take 64 times as long
