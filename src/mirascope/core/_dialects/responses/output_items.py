"""The output items of a Responses stream, as far as they are received.

An item is opened, grows by deltas, and is sent again as a whole when it is done. The last event has
all of them. Until then they are rebuilt here. Text, reasoning and calls are not kept a second time:
what is kept is the length of each stretch of text, and the part that it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, cast

from mirascope.core._wire.deltas import freeze_fields, merge_delta
from mirascope.core._wire.json_fields import fields, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mirascope.core._wire.accumulator import MessageAccumulator
    from mirascope.core._wire.events import JSON, Mergeable, Record, ToolCall

    PartKey: TypeAlias = "tuple[str, JSON]"
    """A part of an item: the name of its list and its index; or a field, and ``None``."""

FUNCTION_CALL: Final = "function_call"
CUSTOM_CALL: Final = "custom_tool_call"
_MESSAGE: Final = "message"
_REASONING: Final = "reasoning"
_ALWAYS_KEPT: Final = ("type", "call_id")
_LISTS: Final = ("summary", "content")


class Place(NamedTuple):
    """Where the text of an event belongs in the output.

    Attributes:
        item: The type of the item.
        field: The field of the item, or of one of its parts.
        parts: The item's list of parts; ``""`` if the text is a field of the item itself.
        part: The type of the part.
    """

    item: str
    field: str
    parts: str = ""
    part: str = ""

    def key(self, event: Record) -> PartKey:
        """Return the part, or the field of the item, that an event belongs to."""
        if not self.parts:
            return (self.field, None)
        return (self.parts, event.get(f"{self.parts}_index") or 0)


PLACES: Final = {
    "response.output_text": Place(_MESSAGE, "text", "content", "output_text"),
    "response.refusal": Place(_MESSAGE, "refusal", "content", "refusal"),
    "response.reasoning_text": Place(_REASONING, "text", "content", "reasoning_text"),
    "response.reasoning_summary_text": Place(_REASONING, "text", "summary", "summary_text"),
    "response.function_call_arguments": Place(FUNCTION_CALL, "arguments"),
    "response.custom_tool_call_input": Place(CUSTOM_CALL, "input"),
    "response.mcp_call_arguments": Place("mcp_call", "arguments"),
    "response.code_interpreter_call_code": Place("code_interpreter_call", "code"),
}
"""By the type of the event, without ``.delta`` or ``.done``."""


_OPENED: Final[Mapping[str, Record]] = {
    "output_text": {"type": "output_text", "text": "", "annotations": []}
}
"""The parts that have more than their text, as they are opened."""

FIELDS: Final = frozenset(place.parts or place.field for place in PLACES.values())
"""The fields of items that deltas add up to."""

TEXTS: Final = (_MESSAGE, _REASONING)
"""The types of the items whose text is the message's."""


class OutputItem:
    """An item.

    Attributes:
        call: The tool call that it is, if it is one.
        received: The parts and fields that deltas were received of.
        whole: The item as it was sent when it was done, if it was.
    """

    __slots__ = ("_identity", "_parts", "_record", "call", "received", "whole")

    def __init__(self, record: Record) -> None:
        self._identity = (record.get("type"), record.get("call_id"))
        self.call: ToolCall | None = None
        self.received: set[PartKey] = set()
        self.whole: dict[str, JSON] | None = None
        self._record: dict[str, Mergeable] = {}
        self._parts: dict[PartKey, dict[str, Mergeable]] = {}
        lists = {name for name in _LISTS if isinstance(record.get(name), list)}
        merge_delta(self._record, {k: [] if k in lists else v for k, v in record.items()})
        for name in lists:
            for index, part in enumerate(objects(record.get(name))):
                self.merge_part((name, index), part)

    def is_same(self, whole: Record) -> bool:
        """Return whether this is a whole item; some servers have a new id in each event."""
        kind, call_id = self._identity
        return whole.get("type") == kind and (not call_id or whole.get("call_id") == call_id)

    def merge(self, delta: Record) -> None:
        """Merge fields of the item."""
        merge_delta(self._record, delta)

    def merge_part(self, key: PartKey, delta: Record) -> None:
        """Merge fields of a part."""
        merge_delta(self._parts.setdefault(key, {}), delta)

    def extend_part(self, key: PartKey, field: str, elements: Iterable[JSON]) -> None:
        """Append to a list of a part; unlike `merge_part`, whatever index an element has."""
        listed = self._parts.setdefault(key, {}).setdefault(field, [])
        if isinstance(listed, list):
            listed.extend(cast("Iterable[Mergeable]", elements))

    def json(self, texts: dict[PartKey, str]) -> dict[str, JSON]:
        """Return the item as a plain response has it, given the texts of its parts."""
        if self.whole is not None:
            return dict(self.whole)
        item = freeze_fields(self._record)
        for key, part in self._parts.items():
            listed = item.get(key[0])
            known = freeze_fields(part) | ({"text": texts[key]} if key in texts else {})
            item[key[0]] = [*(listed if isinstance(listed, list) else ()), known]
        return item


class _Stretch:
    """Consecutive text of one part."""

    __slots__ = ("item", "key", "length")

    def __init__(self, item: OutputItem, key: PartKey, length: int) -> None:
        self.item = item
        self.key = key
        self.length = length


class OutputItems:
    """The items of one response, in the order in which they were opened.

    Args:
        reply: The accumulated message, which has the text, the reasoning and the calls.
    """

    def __init__(self, reply: MessageAccumulator) -> None:
        self._reply = reply
        self._items: list[OutputItem] = []
        self._by_index: dict[JSON, OutputItem] = {}
        self._numbers: dict[str, int] = {}
        self._stretches: dict[str, list[_Stretch]] = {_MESSAGE: [], _REASONING: []}
        self._text_place: tuple[JSON, ...] = ()  # the indexes of the last part of the text

    def open(self, index: JSON, record: Record) -> OutputItem:
        """Add an item."""
        kept = record
        if not self._reply.keeps_text:
            kept = {name: value for name, value in record.items() if name in _ALWAYS_KEPT}
        item = self._by_index[index] = OutputItem(kept)
        self._items.append(item)
        self._text_place = ()
        return item

    def number(self, event: Record, *, opens: bool) -> int:
        """Return the index of an event's item; llama.cpp sends only the item's id.

        Args:
            event: The event.
            opens: Whether it opens the item.
        """
        item = fields(event.get("item"))
        id_ = text(event.get("item_id")) or text(item.get("id"))
        if opens or id_ not in self._numbers:
            latest = self._items[-1] if self._items else None
            is_new = latest is None or opens or bool(item and not latest.is_same(item))
            self._numbers[id_] = len(self._items) - (not is_new)
        return self._numbers[id_]

    def get(self, index: JSON) -> OutputItem | None:
        """Return the newest item with an index."""
        return self._by_index.get(index)

    def at(self, index: JSON, kind: JSON) -> OutputItem:
        """Return the newest item with an index; a new one if there is none."""
        return self._by_index.get(index) or self.open(index, {"type": kind})

    def has(self, kind: JSON) -> bool:
        """Return whether text of items of a type was received."""
        return bool(self._stretches.get(text(kind)))

    def continue_text(self, event: Record, delta: str) -> bool:
        """Add a delta of the message's text, if it has no more than text for the last part."""
        place = (event.get("output_index"), event.get("content_index"))
        if place != self._text_place or event.get("logprobs"):
            return False
        self._stretches[_MESSAGE][-1].length += len(delta)
        return True

    def add(self, place: Place, event: Record) -> None:
        """Add a delta, whose text the message has already."""
        delta, index = text(event.get("delta")), event.get("output_index")
        item = self._by_index.get(index) or self.at(index, place.item)
        key = place.key(event)
        if place.field == "text":
            stretches = self._stretches[place.item]
            if stretches and (last := stretches[-1]).item is item and last.key == key:
                last.length += len(delta)
            else:
                stretches.append(_Stretch(item, key, len(delta)))
                item.received.add(key)
                item.merge_part(key, _OPENED.get(place.part, {"type": place.part}))
            if place.item == _MESSAGE:
                self._text_place = (index, event.get("content_index"))
            logprobs = event.get("logprobs")
            if logprobs and isinstance(logprobs, list) and self._reply.keeps_all:
                item.extend_part(key, "logprobs", logprobs)
            return
        item.received.add(key)
        if self._reply.keeps_text and place.item != FUNCTION_CALL:
            if place.parts:
                item.merge_part(key, {"type": place.part, place.field: delta})
            else:
                item.merge({place.field: delta})

    def add_part(self, name: str, event: Record) -> None:
        """Add a part that is opened."""
        if self._reply.keeps_text:
            item = self.at(event.get("output_index"), _MESSAGE)
            item.merge_part((name, event.get(f"{name}_index") or 0), fields(event.get("part")))

    def add_annotation(self, event: Record) -> None:
        """Add an annotation of a text."""
        if self._reply.keeps_text:
            key = PLACES["response.output_text"].key(event)
            item = self.at(event.get("output_index"), _MESSAGE)
            item.extend_part(key, "annotations", [event.get("annotation")])

    def output(self) -> list[dict[str, JSON]]:
        """Return the received items as a plain response has them; none if they are not kept."""
        if not self._reply.keeps_text:
            return []
        texts: dict[OutputItem, dict[PartKey, str]] = {item: {} for item in self._items}
        received = {_MESSAGE: self._reply.content, _REASONING: self._reply.reasoning}
        for kind, stretches in self._stretches.items():
            end = 0
            for stretch in stretches:
                start, end = end, end + stretch.length
                parts = texts[stretch.item]
                parts[stretch.key] = parts.get(stretch.key, "") + received[kind][start:end]
        output: list[dict[str, JSON]] = []
        left = dict.fromkeys(self._reply.kept_calls)
        for item in self._items:
            if item.call is None:
                output.append(item.json(texts[item]))
            elif item.call in left:
                del left[item.call]
                output.append(_with_call(item.json(texts[item]), item.call))
        return [*output, *(_with_call({"type": FUNCTION_CALL}, call) for call in left)]

    def final(self, output: Sequence[Record]) -> list[dict[str, JSON]]:
        """Return the output of the last event; the received items, if it lacks any of them."""
        custom = {text(i.get("call_id")) for i in output if i.get("type") == CUSTOM_CALL}
        functions = [item for item in output if item.get("type") == FUNCTION_CALL]
        calls = [call for call in self._reply.kept_calls if call.id not in custom]
        received = (self._reply.content, self._reply.reasoning, len(calls))
        if received != (*_texts(output), len(functions)) or len(output) < len(self._items):
            return self.output()
        of_items = iter(calls)
        return [
            _with_call(item, next(of_items)) if item.get("type") == FUNCTION_CALL else {**item}
            for item in output
        ]


def deltas_of(item: Record, index: JSON) -> Iterator[dict[str, JSON]]:
    """Yield the deltas that would have sent the text or the arguments of a whole item."""
    for kind, place in PLACES.items():
        if place.item != item.get("type"):
            continue
        event: dict[str, JSON] = {"type": f"{kind}.delta", "output_index": index}
        if not place.parts:
            yield {**event, "delta": item.get(place.field)}
        for number, part in enumerate(objects(item.get(place.parts))):
            if part.get("type") == place.part and part.get(place.field):
                number_of = {f"{place.parts}_index": number}
                yield {**event, **number_of, "delta": part.get(place.field)}


def completed(item: Record) -> dict[str, JSON]:
    """Return an item of a complete response; not every server sends items when they are done."""
    return {**item, "status": "completed"} if item.get("status") == "in_progress" else {**item}


def without_logprobs(item: Record) -> dict[str, JSON]:
    """Return an item without data of single tokens."""
    if not isinstance(item.get("content"), list):
        return {**item}
    parts = objects(item.get("content"))
    return {**item, "content": [{k: v for k, v in p.items() if k != "logprobs"} for p in parts]}


def _with_call(item: Record, call: ToolCall) -> dict[str, JSON]:
    """Return the item of a tool call with what the message has of it, its id included."""
    known: dict[str, JSON] = {"call_id": call.call_id, "name": call.name}
    if item.get("type") == FUNCTION_CALL:
        known["arguments"] = call.arguments
    return {**item, **known}


def _texts(output: Sequence[Record]) -> tuple[str, str]:
    """Return the text and the reasoning of output items."""
    texts = {_MESSAGE: "", _REASONING: ""}
    for item in output:
        for event in deltas_of(item, None):
            place = PLACES[text(event["type"]).removesuffix(".delta")]
            if place.field == "text":
                texts[place.item] += text(event["delta"])
    return texts[_MESSAGE], texts[_REASONING]
