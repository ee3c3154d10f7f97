"""Plain messages with fields that nobody knows, and the deltas that a server cuts them into.

A plain message is drawn, then cut at random as servers stream it: texts in pieces, labels whole and
repeated, elements of lists by index, by id or one after another, objects field by field, numbers
after older ones. Whatever puts the deltas together again has to return the message.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

JSONObject: TypeAlias = dict[str, Any]
Cut: TypeAlias = Callable[[Random, Any], list[Any]]
"""Returns the pieces of a value."""

TEXTS: Final = st.text(st.characters(codec="utf-8"), max_size=12)
LABELS: Final = ("format", "provider", "status", "type")
NAMES: Final = ("data", "extra_content", "novel", "signature", "text", "Ünbekannt", "x", "y")
SCALARS: Final = st.none() | st.booleans() | st.integers(-9, 9) | TEXTS
ANYTHING: Final = st.recursive(
    SCALARS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.sampled_from(NAMES), values),
    max_leaves=6,
)
"""What an element of a list that is appended may be."""


def _unknown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[JSONObject]:
    fields = st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    labels = st.dictionaries(st.sampled_from(LABELS), st.sampled_from("ab"), max_size=2)
    return st.builds(lambda some, more: {**some, **more}, fields, labels)


def _numbered(elements: list[JSONObject], key: str) -> list[JSONObject]:
    return [{**one, key: n if key == "index" else f"id-{n}"} for n, one in enumerate(elements)]


FLAT: Final = _unknown(SCALARS | st.lists(ANYTHING, max_size=3))
UNKNOWN: Final = _unknown(
    st.one_of(
        *(SCALARS, FLAT, _unknown(FLAT), st.lists(ANYTHING, max_size=3)),
        st.builds(_numbered, st.lists(FLAT, max_size=3), st.sampled_from(["index", "id"])),
    )
)
"""Fields that no SDK knows, of all kinds of values."""

CALLS: Final = st.lists(
    st.builds(
        lambda name, arguments, inner, more: {
            **{key: value for key, value in more.items() if key != "type"},
            "type": "function",
            "function": {**inner, "name": name, "arguments": json.dumps(arguments)},
        },
        st.sampled_from(["add", "look_up"]),
        st.dictionaries(TEXTS, SCALARS, max_size=2),
        FLAT,
        UNKNOWN,
    ),
    min_size=1,
    max_size=3,
).map(lambda calls: [{**call, "id": f"call{n:05}"} for n, call in enumerate(calls)])
"""The tool calls of a plain message, with further fields in them."""


def cut(random: Random, fields: Mapping[str, Any], **own: Cut) -> list[JSONObject]:
    """Cut an object into deltas, each of which has pieces of some of its fields.

    Args:
        random: Chooses.
        fields: The object.
        own: How fields are cut that have a way of their own.
    """
    ways = {name: own.get(name, _label if name in LABELS else _pieces) for name in fields}
    return _dealt(random, {name: ways[name](random, value) for name, value in fields.items()})


def _dealt(random: Random, pieces: Mapping[str, list[Any]]) -> list[JSONObject]:
    waiting = {name: list(some) for name, some in pieces.items() if some}
    deltas: list[JSONObject] = []
    while waiting:
        names = random.sample([*waiting], random.randint(1, len(waiting)))
        deltas.append({name: waiting[name].pop(0) for name in names})
        waiting = {name: some for name, some in waiting.items() if some}
    return deltas


def _label(random: Random, value: Any) -> list[Any]:
    return [value] * random.randint(1, 3)


def _pieces(random: Random, value: Any) -> list[Any]:
    match value:
        case str():
            return sliced(random, value)
        case bool() | int():
            return [random.choice([None, 7]), value][random.randint(0, 1) :]
        case dict():
            return cut(random, value) or [{}]
        case list():
            return _of_list(random, value)
        case _:
            return [value]


def sliced(random: Random, whole: Sequence[Any]) -> list[Any]:
    """Cut a text or a list into slices, some of which may be empty."""
    at = sorted(random.choices(range(len(whole) + 1), k=random.randint(0, 3)))
    return [whole[a:b] for a, b in itertools.pairwise([0, *at, len(whole)])]


def _of_list(random: Random, values: list[Any]) -> list[list[Any]]:
    first: JSONObject = values[0] if values and isinstance(values[0], dict) else {}
    key = next((name for name in ("index", "id") if name in first), None)
    if key is None:
        return sliced(random, values)
    return _one_by_one(random, [_element(random, value, key) for value in values])


def _element(random: Random, element: JSONObject, key: str) -> list[JSONObject]:
    """Cut an element that a key, or that and a type, tells from others: all pieces have both."""
    reported = {name: element[name] for name in (key, "type") if name in element}
    rest = {name: value for name, value in element.items() if name not in reported}
    return [{**reported, **piece} for piece in cut(random, rest) or [{}]]


def _one_by_one(random: Random, sequences: list[list[Any]]) -> list[list[Any]]:
    """Mix sequences, each in its order, which begin one after another."""
    waiting = [list(one) for one in sequences]
    mixed: list[list[Any]] = []
    begun = 0
    while any(waiting):
        number = random.choice([n for n, one in enumerate(waiting) if one and n <= begun])
        begun = max(begun, number + 1)
        mixed.append([waiting[number].pop(0)])
    return mixed


def cut_calls(random: Random, calls: list[JSONObject]) -> list[list[JSONObject]]:
    """Cut tool calls: the first piece of each has its id and name, the others its index alone."""
    return _one_by_one(random, [_call(random, n, call) for n, call in enumerate(calls)])


def _call(random: Random, index: int, call: JSONObject) -> list[JSONObject]:
    function = {name: value for name, value in call["function"].items() if name != "name"}
    rest = {name: value for name, value in call.items() if name not in {"id", "type"}}
    pieces = cut(random, {**rest, "function": function})
    named = {**pieces[0].get("function", {}), "name": call["function"]["name"]}
    pieces[0] |= {"id": call["id"], "type": "function", "function": named}
    return [{"index": index, **piece} for piece in pieces]
