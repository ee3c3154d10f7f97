"""The reader of half a JSON document, fed by hand and by hypothesis."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope.core._wire.events import JSON
from mirascope.core._wire.partial_json import MAX_DEPTH, MalformedJSONError, PartialJSON

TEXTS = st.text(st.characters() | st.sampled_from('"\\/\n\ud83d\ude00😀\x00u'), max_size=8)
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


def read(*pieces: str) -> PartialJSON:
    reader = PartialJSON()
    for piece in pieces:
        reader.feed(piece)
    return reader


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
    reader = PartialJSON()
    seen: list[JSON] = []
    for piece in [*cut(text, data), "\n"]:
        reader.feed(piece)
        seen.append(reader.value)
    assert all(part is None or is_prefix(part, truth) for part in seen)
    assert reader.complete
    assert repr(reader.value) == repr(truth)


@given(VALUES, st.data())
def test_a_value_once_seen_does_not_change(value: JSON, data: st.DataObject) -> None:
    reader = PartialJSON()
    seen: list[tuple[JSON, str]] = []
    for piece in cut(json.dumps(value), data):
        reader.feed(piece)
        seen.append((reader.value, repr(reader.value)))
    assert all(repr(part) == shown for part, shown in seen)


@given(st.text(st.sampled_from('{}[]",:\\u0dD8eE-+.1 \ntrufalsenNaInity\x00x'), max_size=40))
def test_any_text_is_read_as_json_reads_it_however_it_is_cut(text: str) -> None:
    try:
        truth = repr(json.loads(text))
    except ValueError:
        truth = None
    found: str | None = None
    for pieces in ([text, "\n"], [*text, "\n"]):
        reader = PartialJSON()
        try:
            for piece in pieces:
                reader.feed(piece)
        except MalformedJSONError:
            assert truth is None
        else:
            assert (truth is not None) == (reader.complete and not reader.trailing)
            assert truth is None or repr(reader.value) == truth
        assert found in (None, repr(reader.value))
        found = repr(reader.value)


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
        ('{"a": "x", "a": 1', {"a": "x"}),
        ('{"a": "x", "a": 1}', {"a": 1}),
    ],
)
def test_what_is_not_sure_is_not_shown(text: str, value: JSON) -> None:
    assert read(text).value == value
    assert read(*text).value == value


@pytest.mark.parametrize(
    ("text", "position", "value"),
    [
        ("x", 0, None),
        ("\ufeff{}", 0, None),
        ('{"a": 1,}', 8, {"a": 1}),
        ('{"a" 1}', 5, {}),
        ("{1: 2}", 1, {}),
        ("[1 2]", 3, [1]),
        ("[1}", 2, [1]),
        ('["a\nb"]', 3, ["a"]),
        (r'["a\x"]', 3, ["a"]),
        (r'["\ud83d\uZ"]', 2, [""]),
        ("[1, truth]", 9, [1]),
        ("[01]", 3, []),
        ("[1.]", 3, []),
        ("[" + "9" * 5000 + "]", 5001, []),
        ("[" * (MAX_DEPTH + 1), MAX_DEPTH, None),
    ],
)
def test_malformed_text_leaves_what_came_before(text: str, position: int, value: JSON) -> None:
    for pieces in ([text], text):
        reader = PartialJSON()
        with pytest.raises(MalformedJSONError) as caught:
            for piece in pieces:
                reader.feed(piece)
        assert caught.value.position == position
        with pytest.raises(MalformedJSONError):
            reader.feed("]")
        assert not reader.complete
        assert value is None or reader.value == value


def test_containers_may_be_nested_to_the_bound() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH).complete


def test_text_after_the_end_is_told_but_not_read() -> None:
    reader = read("{} ", "\n")
    assert (reader.complete, reader.trailing) == (True, False)
    reader.feed("Hope this helps! {")
    assert (reader.value, reader.complete, reader.trailing) == ({}, True, True)


def seconds_to_read(text: str) -> float:
    pieces = [text[i : i + 4] for i in range(0, len(text), 4)]
    reader = PartialJSON()
    start = time.process_time()
    for piece in pieces:
        reader.feed(piece)
    return time.process_time() - start


@pytest.mark.parametrize("unit", ["a", "\\u00e9", "[],", '{"a": 1}, ', '"",'])
def test_the_work_is_linear_however_finely_the_text_is_cut(unit: str) -> None:
    quoted = unit in ("a", "\\u00e9")
    start, end = ('["', '"]') if quoted else ("[", "0]")
    small, large = (
        min(seconds_to_read(start + unit * (n // len(unit)) + end) for _ in range(3))
        for n in (4_000, 32_000)
    )
    assert large < 8 * 4 * small  # quadratic work would take 64 times as long
