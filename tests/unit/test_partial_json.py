"""JSON that is read while it is received, by hand and by hypothesis."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, RootModel, ValidationError
from support.growth import assert_linear

from mirascope.core._structured.partial_value import MAX_DEPTH, MalformedJSONError, PartialValue
from mirascope.core._wire.events import JSON


class Document(RootModel[Any]): ...


TEXTS = st.text(  # half a surrogate pair has a test of its own
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\\/\n😀\x00u'), max_size=8
)
VALUES: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
DUMPS = st.sampled_from(
    [
        {"ensure_ascii": True},
        {"ensure_ascii": False},
        {"indent": 1},
        {"separators": (" ,\t", "\r\n: ")},
    ]
)


def fed(*pieces: str) -> PartialValue[Document]:
    growing = PartialValue(Document)
    for piece in pieces:
        growing.feed(piece)
    return growing


def value_of(growing: PartialValue[Document]) -> JSON:
    return None if growing.value is None else growing.value.root


def cut(text: str, data: st.DataObject) -> list[str]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def is_prefix(part: JSON, whole: JSON) -> bool:
    if isinstance(part, str):
        return isinstance(whole, str) and whole.startswith(part)
    if isinstance(part, list):
        return isinstance(whole, list) and all(map(is_prefix, part, whole[: len(part)]))
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(is_prefix(part[k], whole[k]) for k in part)
    return part == whole and type(part) is type(whole)


@given(VALUES, DUMPS, st.data())
def test_any_document_however_it_is_cut_is_a_prefix_of_the_truth_and_then_the_truth(
    value: JSON, style: dict[str, bool], data: st.DataObject
) -> None:
    text = json.dumps(value, **style)
    truth = json.loads(text)
    growing = PartialValue(Document)
    seen: list[tuple[JSON, str]] = []
    for piece in [*cut(text, data), "\n"]:
        growing.feed(piece)
        seen.append((value_of(growing), repr(value_of(growing))))
    assert all(part is None or is_prefix(part, truth) for part, _ in seen)
    assert all(repr(part) == shown for part, shown in seen)  # later text does not change it
    assert growing.complete
    assert repr(growing.result().root) == repr(value_of(growing)) == repr(truth)


@given(st.text(st.sampled_from('{}[]",:\\u0dD8eE-+.1 \ntrufalsenNaInity\x00x'), max_size=40))
def test_any_text_is_read_as_json_reads_it_however_it_is_cut(text: str) -> None:
    text = f"[{text}]"
    try:
        truth = repr(json.loads(text))
    except ValueError:
        truth = None
    found: str | None = None
    for pieces in ([text], text):
        growing = PartialValue(Document)
        try:
            for piece in pieces:
                growing.feed(piece)
        except MalformedJSONError:
            assert truth is None
        else:
            assert truth is None or (growing.complete and repr(value_of(growing)) == truth)
        assert found in (None, repr(value_of(growing)))
        found = repr(value_of(growing))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ('"', ""),
        ('"a\\', "a"),
        ('"a\\u00e', "a"),
        ('"a\\ud83d', "a"),
        ('"a\\ud83d\\', "a"),
        ('"a\\ud83d\\ude0', "a"),
        ('"a\\ud83d\\ude00', "a\U0001f600"),
        ('"a\\ud83d\\n', "a\ud83d\n"),
        ('"a\\\\ud83d', "a\\ud83d"),
        ('"\\ud83d\\ud83d\\ude00', "\ud83d\U0001f600"),
        ('"\\ude00', "\ude00"),
        ("[12", []),
        ("[12,", [12]),
        ("[tru", []),
        ("[1, {", [1, {}]),
        ('{"a', {}),
        ('{"a": ', {}),
        ('{"a": "x", "a": "', {"a": ""}),
        ('{"a": "x", "a": 1}', {"a": 1}),
    ],
)
def test_what_is_not_certain_is_not_shown(text: str, value: JSON) -> None:
    assert value_of(fed(text)) == value
    assert value_of(fed(*text)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x", None),
        ("\ufeff{}", None),
        ('{"a": 1,}', {"a": 1}),
        ('{"a" 1}', {}),
        ("{1: 2}", {}),
        ("[1 2]", [1]),
        ("[1}", [1]),
        ('["a\nb"]', ["a"]),
        (r'["a\x"]', ["a"]),
        (r'["\ud83d\uZ"]', [""]),
        ("[1, truth]", [1]),
        ("[01]", []),
        ("[1.]", []),
        ("[" + "9" * 4_500 + "]", []),
        ("[" + "9" * 100_000, []),
        ("[" * (MAX_DEPTH + 1), None),
    ],
)
def test_malformed_text_keeps_what_was_received_before(text: str, value: JSON) -> None:
    for pieces in ([text], text):
        growing = PartialValue(Document)
        with pytest.raises(MalformedJSONError):
            for piece in pieces:
                growing.feed(piece)
        with pytest.raises(MalformedJSONError):
            growing.feed("]")
        assert not growing.complete
        assert value is None or value_of(growing) == value


def test_containers_may_be_nested_to_the_bound() -> None:
    assert fed("[" * MAX_DEPTH + "]" * MAX_DEPTH).complete


def test_text_after_the_end_is_not_read() -> None:
    growing = fed("{} ", "\n", "Hope this helps! {")
    assert (value_of(growing), growing.complete) == ({}, True)


def test_half_a_surrogate_pair_is_refused_as_pydantic_refuses_it() -> None:
    class Named(BaseModel):
        name: str

    for text in (r'{"name": "\ud83d"}', '{"name": "\ud83d"}'):
        growing = PartialValue(Named)
        growing.feed(text)
        with pytest.raises(ValidationError):
            growing.result()
    growing = PartialValue(Named)
    for text in ('{"name": "\ud83d', '\ude00"}'):  # as servers cut it
        growing.feed(text)
    assert growing.result().name == "😀"


class Everything(BaseModel):
    value: Any = None
    texts: list[str] = []
    numbers: set[int] = set()
    tree: Everything | None = None


@pytest.mark.parametrize(
    ("start", "unit", "end"),
    [
        ('{"value": "', "a", '"}'),
        ('{"value": "', "\\u00e9", '"}'),
        ('{"value": [', "[],", "0]}"),
        ('{"value": [', '{"a": 1}, ', "0]}"),
        ('{"value": {', '"": "",', '"a": 0}}'),
        ('{"texts": [', '"é", ', '""]}'),
        ('{"texts": ["', "a", '"]}'),
        ('{"numbers": [', "1, ", "0]}"),
        ('{"tree": {"texts": [', '"b", ', '""]}}'),
        ('{"ignored": [', "1, ", "0]}"),
        ("{", " ", "}"),
    ],
)
def test_the_work_is_linear_however_finely_the_text_is_cut(start: str, unit: str, end: str) -> None:
    def reading(size: int) -> Callable[[], None]:
        text = start + unit * (size // len(unit)) + end
        pieces = [text[i : i + 4] for i in range(0, len(text), 4)]
        growing = PartialValue(Everything)

        def read() -> None:
            for piece in pieces:
                growing.feed(piece)
            assert growing.complete

        return read

    assert_linear(reading, 4_000)
