"""What is fuzzed: each target reads bytes, and fails if anything undocumented comes of them.

A reader in pieces must say what it says of the whole. Of a stream, everything that a user can look
at is looked at: only `StreamError`, which is an error of the SDK too, may come out, and for answers
of a type pydantic's own. Where warnings are errors, they are failures as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from enum import Enum
from functools import cache, partial
from importlib import import_module
from types import TracebackType
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError
from support.cases import Case
from support.in_memory import InMemory
from support.providers import CASES
from support.recordings import recordings

from mirascope import BaseTool
from mirascope.core._calls.provider import Provider
from mirascope.core._engine.decoder import TextDecoder
from mirascope.core._responses.serialization import Serializable
from mirascope.core._structured.partial_value import MalformedJSONError, PartialValue
from mirascope.core._tools.tool_types import tool_types_of
from mirascope.core._wire.json_scanner import BareObjects, JSONScanner
from mirascope.core._wire.sse import DONE, SSEDecoder
from mirascope.core.base.stream import BaseStream
from mirascope.core.base.structured_stream import BaseStructuredStream
from mirascope.errors import StreamError
from mirascope.testing.conformance import Reasoning, Text, one_after_another
from mirascope.testing.loopback import in_pieces

ARGUMENTS = (
    '{"title": "Dune \\ud83d\\ude00", "pages": 412, "price": 9.5e0, "tags": ["a", "b"],'
    ' "kind": {"type": "cat", "lives": [9]}, "mood": "sad", "notes": {"x": null}, "more": [[true]]}'
)


MADE_ID = re.compile(r"\bm[a-z2-7]{8}\b")
"""An id that the library generates for a tool call that has none."""


class Mood(Enum):
    SAD = "sad"
    GLAD = "glad"


class Cat(BaseModel):
    type: Literal["cat"]
    lives: list[int]


class Dog(BaseModel):
    type: Literal["dog"]
    name: str = ""


class Names(RootModel[list[str]]): ...


class Book(BaseModel):
    """A bit of everything that grows."""

    model_config = ConfigDict(extra="allow")

    title: str
    pages: int | None = None
    price: float | str = 0
    tags: Names | None = None
    kind: Cat | Dog | None = None
    mood: Mood = Mood.GLAD
    notes: dict[str, Any] = {}
    similar: list[Book] = []
    pair: tuple[str, int] | None = None


class ReadBook(BaseTool):
    title: str
    pages: int | None = None
    tags: list[str] | None = None

    def call(self) -> None: ...


class Anything(BaseTool):
    model_config = ConfigDict(extra="allow")

    def call(self) -> None: ...


# What reads pieces.


Target: TypeAlias = Callable[[bytes, int], None]
"""Takes the data, and a number that chooses the way and into what pieces it is cut."""


def pieces_of(data: bytes, choice: int) -> list[bytes]:
    return in_pieces(data, 1 + choice % 61)


def events_of(blocks: Iterable[bytes]) -> tuple[list[bytes], bytes]:
    """Return the events of a body up to its end, and what of it is left."""
    decoder = SSEDecoder()
    events: list[bytes] = []
    for block in (*blocks, None):
        for event in decoder.feed(decoder.missing_terminator() if block is None else block):
            events.append(event)
            if event.startswith(DONE):
                return events, b""
    return events, decoder.cut_off


def sse(data: bytes, choice: int) -> None:
    """Read events, as they end and with a blank line at the end.

    Lines wait for the blank line after them, so if the body is cut off between lines of an event
    and JSON that is none, what of it is read depends on the blocks.
    """
    ended = data + b"\n\n"
    assert events_of([*pieces_of(data, choice), b"\n\n"]) == events_of([ended])
    if not re.search(rb"[\r\n][{\[]", data):
        assert events_of(pieces_of(data, choice)) == events_of([data])


def bare_json(data: bytes, choice: int) -> None:
    whole, cut = BareObjects(), BareObjects()
    found: list[bytes] = []
    rest: list[bytes] = []
    for piece in pieces_of(data, choice):
        if rest:
            rest.append(piece)
            continue
        objects, left = cut.feed(piece)
        found += objects
        rest += [left] if left else []
    assert (found, b"".join(rest)) == whole.feed(data)
    assert cut.incomplete == whole.incomplete


def text_of(data: bytes) -> str:
    """Decode data; what is no UTF-8 becomes lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def texts_of(data: bytes, choice: int) -> list[str]:
    text, size = text_of(data), 1 + choice % 13
    return [text[start : start + size] for start in range(0, len(text), size)]


def json_extent(data: bytes, choice: int) -> None:
    text, whole, cut = text_of(data), JSONScanner(), JSONScanner()
    found = whole.feed(text)
    assert "".join(map(cut.feed, texts_of(data, choice))) == found
    assert cut.is_complete == whole.is_complete
    if (start := text.find("{")) >= 0:
        with suppress(ValueError, RecursionError):
            _, end = json.JSONDecoder().raw_decode(text, start)
            assert found == text[start:end]


def growing(data: bytes, choice: int) -> None:
    text, whole, cut = text_of(data), PartialValue(Book), PartialValue(Book)
    assert fed(whole, [text]) == fed(cut, texts_of(data, choice))
    # a null that is no change is in the `repr` after the next change; NaN is not equal to itself
    assert whole.value == cut.value or repr(whole.value) == repr(cut.value)
    if whole.complete and not fed(whole, []):
        with suppress(ValidationError):
            assert isinstance(whole.result(), Book)
        with suppress(ValidationError):  # which is also for text after the end
            assert repr(Book.model_validate_json(text)) == repr(whole.result())


def fed(book: PartialValue[Book], texts: Iterable[str]) -> bool:
    """Feed texts; return whether they are malformed."""
    try:
        for text in texts:
            before = book.value
            changed = book.feed(text)
            assert changed or book.value is before
            assert book.value is None or (isinstance(book.value, Book) and repr(book.value))
    except MalformedJSONError:
        return True
    return False


# What reads streams.

SEEN = ("content", "reasoning", "finish_reasons", "id", "model", "input_tokens", "output_tokens")


@cache
def provider_of(case: Case) -> Provider[Any, Any, Any, Any, Any, Any]:
    return import_module(f"mirascope.core.{case.name}._provider").PROVIDER


@cache
def tools_of(case: Case) -> list[type[BaseTool]]:
    return tool_types_of([ReadBook, Anything], provider_of(case).tool_type)


def stream_of(case: Case, pieces: list[bytes], **options: Any) -> BaseStream[Any, Any, Any, Any]:
    return provider_of(case).stream_type(
        stream=InMemory(pieces),
        model="requested-model",
        call_kwargs={"model": "requested-model"},
        **options,
    )


def answer(case: Case, data: bytes, choice: int) -> None:
    """Read an answer in one of four ways."""
    pieces, way = pieces_of(data, choice), choice >> 8 & 3
    if way == 0:
        assert read(case, pieces, repeats=True) == read(case, pieces, repeats=False)
    if way == 3:
        look_at_value(case, stream_of(case, pieces))
        return
    tools = tools_of(case) if way else None
    stream = stream_of(case, pieces, tool_types=tools, partial_tools=way == 2)
    with only(case):
        for chunk, tool in stream:
            look_at(case, chunk)
            if tool is not None:
                look_at(case, tool)
    look_at(case, stream)
    look_at(case, stream.partial())
    with only(case):
        look_at(case, stream.construct_call_response())


def read(case: Case, pieces: list[bytes], *, repeats: bool) -> str:
    """Return what is read, with or without the short way for an event that another one repeats."""
    stream = stream_of(case, pieces)
    decoder: Any = stream._decoder  # noqa: SLF001  # nothing public turns that way off
    if not repeats and isinstance(decoder, TextDecoder):
        decoder.decode_text = lambda data: None  # noqa: ARG005
    found: list[object] = []
    try:
        for chunk, _ in stream:
            found.append([getattr(chunk, name) for name in SEEN])
    except StreamError as error:
        found.append(str(error))
    found += [stream.content, MADE_ID.sub("made", repr(decoder.response()))]
    return repr(found)


def look_at_value(case: Case, stream: BaseStream[Any, Any, Any, Any]) -> None:
    with suppress(ValidationError), only(case):
        for value in BaseStructuredStream(stream=stream, response_model=Book):
            assert isinstance(value, Book)
            assert repr(value)


class only(suppress):  # noqa: N801  # reads as what it does
    """Let nothing pass but errors of both trees."""

    def __init__(self, case: Case) -> None:
        super().__init__(StreamError)
        self._theirs = case.sdk_error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if isinstance(error, StreamError):
            assert isinstance(error, self._theirs)
            assert str(error)
            assert error.phase or error.provider
        return bool(super().__exit__(kind, error, traceback))


def look_at(case: Case, thing: object) -> None:
    """Look at all that a chunk, a tool, a stream or a response tells."""
    kind = type(thing)
    for name in dir(kind):
        if not name.startswith("_") and isinstance(getattr(kind, name), property):
            with only(case):
                getattr(thing, name)
    str(thing)
    repr(thing)
    for dump in ("model_dump", "model_dump_json"):
        if isinstance(thing, Serializable):  # a tool is dumped by pydantic, not by us
            with only(case):
                getattr(thing, dump)()


# The list.

READERS: dict[str, Target] = {
    reader.__name__: reader for reader in (sse, bare_json, json_extent, growing)
}
TARGETS = READERS | {case.name: partial(answer, case) for case in CASES}


def seeds(target: str) -> list[bytes]:
    """Return what a target's inputs are made of: small answers, and recorded ones if there are."""
    if target in {"json_extent", "growing"}:
        return [ARGUMENTS.encode(), f"so: {ARGUMENTS} is it".encode(), b'{"similar": [{}, {}]}']
    cases = [case for case in CASES if case.name == target] or CASES
    return [seed for case in cases for seed in seeds_of(case)]


def seeds_of(case: Case) -> Iterator[bytes]:
    calls = one_after_another(("ReadBook", ARGUMENTS), ("Anything", "{}"), ("Unknown", "{}"))
    yield b"".join(case.response("He", "llo"))
    yield b"".join(case.response(ARGUMENTS))
    yield b"".join(case.tool_call_response(Reasoning("hm"), Text("well"), *calls))
    yield b"".join([*case.begin, case.reasoning("hm"), case.text("we"), case.failure])
    yield from (recording.body for recording in recordings(*case.recordings))
