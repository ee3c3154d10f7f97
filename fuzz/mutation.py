"""Answers that are nearly right: what mutating bytes alone seldom makes.

An edit changes the bytes, the order of the events, or the JSON in one of them: a value becomes one
of another type or of an odd kind, a key moves, a part is repeated or is put into another.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

DEEP = 250
ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 7, 2**53, 10**30, 1.5, -0.0, 1e308, float("nan"), float("inf")),
    *("", "x", "null", "0", "é😀", "\ud800", "\udc00x", "\0", "{", '{"title": "', "[1, ", "stop"),
    *("data:image/png;base64,x", "data:", ":", "error", "image_url", "file", "input_audio"),
    *([], {}, [None], [[]], [{}], {"": None}, {"type": "text"}, ["x", 1], {"index": 1}),
    *({"error": None}, {"error": {"code": "²"}}, {"data": "x"}, {"id": "", "data": "é"}),
]
RAW = [
    b"9" * 5000,
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b"\xff",
    b"\r",
    b"\n\n",
    b"\x00",
    b"NaN",
    b"\\ud800",
]


def mutated(data: bytes, random: Random) -> bytes:
    """Return data with one edit, or a few."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        data = random.choice(EDITS)(data, random)
    return data


def bytes_edited(data: bytes, random: Random) -> bytes:
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 0, 1, 1, 2, 9, 1000)))
    piece = random.choice((b"", random.choice(RAW), random.randbytes(1), data[start:end] * 2))
    return data[:start] + piece + data[end:]


def events_edited(data: bytes, random: Random) -> bytes:
    events = data.split(b"\n\n")
    at, other = (random.randrange(len(events)) for _ in range(2))
    match random.randrange(4):
        case 0:
            del events[at]
        case 1:
            events[at:at] = [events[other]]
        case 2:
            events[at], events[other] = events[other], events[at]
        case _:
            del events[at:]
            events.append(b"")
    return b"\n\n".join(events)


def json_edited(data: bytes, random: Random) -> bytes:
    events = data.split(b"\n\n")
    at = random.randrange(len(events))
    before, colon, text = events[at].partition(b"data:")
    try:
        value = json.loads(text if colon else events[at])
    except (ValueError, RecursionError):
        return bytes_edited(data, random)
    written = json.dumps(edited(value, random), ensure_ascii=random.random() < 0.9)
    written = written.encode("utf-8", "surrogatepass")
    events[at] = before + b"data: " + written if colon else written
    return b"\n\n".join(events)


EDITS: list[Callable[[bytes, Random], bytes]] = [bytes_edited, events_edited, *[json_edited] * 4]


def edited(value: Any, random: Random) -> Any:
    """Return JSON with an edit somewhere in it."""
    places = list(places_of(value))
    if not places:
        return random.choice(ODD)
    holder, key = random.choice(places)
    others = [h[k] for h, k in places]
    match random.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = json.loads(json.dumps(random.choice(others)))
        case 2:
            holder[key] = [holder[key]] * random.choice((1, 2))
        case 3 if isinstance(holder, dict):
            holder[random.choice([k for _, k in places if isinstance(k, str)])] = holder[key]
            return json.loads(json.dumps(value))
        case _:
            holder[key] = random.choice(ODD)
    return value


def places_of(value: Any) -> Any:
    """Yield all containers in JSON with the keys in them."""
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, inner in list(items):
        yield value, key
        yield from places_of(inner)


def stretched(data: bytes, random: Random) -> Callable[[int], bytes]:
    """Return data in which a piece, or an event, is repeated as often as one likes."""
    if random.random() < 0.7:
        events = data.split(b"\n\n")
        at = random.randrange(len(events))
        until = at + random.choice((1, 1, 2))
        middle = [numbered(b"\n\n".join(events[at:until]) + b"\n\n", i) for i in range(2)]
        before = b"".join(event + b"\n\n" for event in events[:at])
        after = b"\n\n".join(events[until:])
    else:
        start = random.randint(0, len(data))
        end = min(len(data), start + random.choice((1, 2, 9, 50)))
        before, middle, after = data[:start], [data[start:end]], data[end:]
    if len(middle) == 1 or random.random() < 0.5:
        return lambda times: before + middle[0] * times + after
    event = middle[0]
    return lambda times: before + b"".join(numbered(event, i) for i in range(times)) + after


def numbered(event: bytes, number: int) -> bytes:
    """Return an event in which indexes and ids are a number."""
    start, key, rest = event.partition(b'"index": ')
    if key:
        event = start + key + str(number).encode() + rest.lstrip(b"0123456789")
    return event.replace(b'"call_', b'"call_%d_' % number)
