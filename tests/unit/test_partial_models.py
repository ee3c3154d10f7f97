"""Partial values of models of every kind, as pydantic and hypothesis make them."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
)

import annotated_types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasPath,
    Base64Str,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    RootModel,
    ValidationError,
    computed_field,
    create_model,
    field_serializer,
)
from pydantic.version import VERSION
from typing_extensions import TypedDict

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
def test_models_of_every_kind_have_partial_values(
    kind: type[BaseModel], text: str, seen: str
) -> None:
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
    growing = PartialValue(kind)
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
        growing = PartialValue(kind)
        try:
            for piece in ["{" * (kind is not Names), '"pet": {' * (kind is Pets), *text]:
                growing.feed(piece)
                repr(growing.value)
        except MalformedJSONError:
            continue
