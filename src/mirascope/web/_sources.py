"""The sources and the files in a response, wherever its provider puts them.

A provider says in its own way what an answer is based on, but each names an address, or a title,
below a few words. So the response's JSON is searched for those, and nothing here is per provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

from pydantic import BaseModel

from mirascope.core._wire.fields import fields, text


class Source(NamedTuple):
    """What an answer is based on.

    Attributes:
        url: Its address, ``""`` if it has none.
        title: Its title, ``""`` if it has none.
    """

    url: str
    title: str


class File(NamedTuple):
    """A file that a model made.

    Attributes:
        media_type: Its media type.
        url: Its address, mostly a data URL.
    """

    media_type: str
    url: str


_CITING: Final = frozenset(
    {
        *("annotations", "citations", "sources", "search_results", "results"),
        *("grounding_chunks", "groundingChunks"),
    }
)
"""Below these names a response has its sources."""

_URLS: Final = ("url", "uri", "source")
_TITLES: Final = ("title", "document_title", "filename")
_PASSED: Final = frozenset({"tool_calls", "input", "arguments", "args", "function_call"})
"""What a model calls tools with cites nothing."""


def findings(response: BaseModel) -> tuple[list[Source], list[File]]:
    """Return the sources and the files of a response, each once."""
    record = response.model_dump(mode="json", warnings=False, fallback=lambda _: None)
    sources = dict.fromkeys(_sources(record, citing=False))
    files = dict.fromkeys(_files(record))
    return list(sources), list(files)


def _sources(value: object, *, citing: bool) -> Iterator[Source]:
    if isinstance(value, list):
        for each in cast("list[object]", value):
            if citing and isinstance(each, str) and each.startswith(("http://", "https://")):
                yield Source(each, "")
            yield from _sources(each, citing=citing)
    elif isinstance(value, Mapping):
        record = fields(cast("Any", value))
        source = _source(record) if citing else None
        if source is not None:
            yield source
            return
        for name, each in record.items():
            if name not in _PASSED:
                yield from _sources(each, citing=citing or name in _CITING)


def _source(record: Mapping[str, Any]) -> Source | None:
    url = next((text(record[name]) for name in _URLS if text(record.get(name))), "")
    title = next((text(record[name]) for name in _TITLES if text(record.get(name))), "")
    if url.startswith(("http://", "https://")):
        return Source(url, title)
    return Source("", title) if text(record.get("document_title")) else None


def _files(value: object) -> Iterator[File]:
    if isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _files(each)
    elif isinstance(value, Mapping):
        record = fields(cast("Any", value))
        inline = fields(record.get("inline_data"))
        if data := text(inline.get("data")):
            media_type = text(inline.get("mime_type")) or "application/octet-stream"
            yield File(media_type, f"data:{media_type};base64,{_standard(data)}")
        url = text(fields(record.get("image_url")).get("url"))
        if url.startswith("data:"):
            yield File(url[5:].partition(";")[0], url)
        for each in record.values():
            yield from _files(each)


def _standard(data: str) -> str:
    """Return base64 in the letters that browsers take."""
    return data.replace("-", "+").replace("_", "/")
