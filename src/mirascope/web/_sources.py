"""The sources and the files in a response, wherever its provider puts them.

Each provider has its own way to cite, but all of them name an address, or a title, below one of a
few words. So a response is searched for those, and nothing here is per provider.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

from pydantic import BaseModel


class Source(NamedTuple):
    """A source that a response cites.

    Attributes:
        url: Its address, ``""`` if it has none.
        title: Its title, ``""`` if it has none.
    """

    url: str
    title: str


class File(NamedTuple):
    """A file that a model generated.

    Attributes:
        media_type: Its media type.
        url: Its address, a data URL.
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
_PASSED: Final = frozenset(
    {"tool_calls", "function_call", "input", "arguments", "args", "logprobs", "logprobs_result"}
)
"""Arguments of tools cite nothing, and logprobs may be long."""


def findings(response: BaseModel) -> tuple[list[Source], list[File]]:
    """Return the sources and the files of a response, each once."""
    found = dict.fromkeys(_found(response, citing=False))
    sources = [each for each in found if isinstance(each, Source)]
    return sources, [each for each in found if isinstance(each, File)]


def _found(value: object, *, citing: bool) -> Iterator[Source | File]:
    if isinstance(value, list | tuple):
        for each in cast("list[object]", value):
            if citing and isinstance(each, str) and _is_url(each):
                yield Source(each, "")
            yield from _found(each, citing=citing)
        return
    record = _fields(value)
    if (source := _source(record) if citing else None) is not None:
        yield source
        return
    if (file := _file(record)) is not None:
        yield file
    for name, each in record.items():
        if name not in _PASSED and not isinstance(each, str | int | float | None):
            yield from _found(each, citing=citing or name in _CITING)


def _fields(value: object) -> Mapping[str, Any]:
    """Return the fields of an object, of the SDK's or of JSON; none if it is none."""
    if isinstance(value, BaseModel):
        return {**vars(value), **(value.model_extra or {})}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _source(record: Mapping[str, Any]) -> Source | None:
    url = _first(record, _URLS)
    if _is_url(url):
        return Source(url, _first(record, _TITLES))
    title = _first(record, ("document_title",))
    return Source("", title) if title else None


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> str:
    texts = (record.get(name) for name in names)
    return next((text for text in texts if text and isinstance(text, str)), "")


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _file(record: Mapping[str, Any]) -> File | None:
    inline = _fields(record.get("inline_data"))
    data, media_type = inline.get("data"), inline.get("mime_type")
    if data and isinstance(media_type, str):
        encoded = data if isinstance(data, str) else base64.b64encode(data).decode()
        standard = encoded.replace("-", "+").replace("_", "/")  # the letters that browsers take
        return File(media_type, f"data:{media_type};base64,{standard}")
    url = _fields(record.get("image_url")).get("url")
    if isinstance(url, str) and url.startswith("data:"):
        return File(url[5:].partition(";")[0], url)
    return None
