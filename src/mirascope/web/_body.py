"""The bodies of requests, which anyone may send: read within bounds, and refused in clear words."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias, cast

from pydantic import ValidationError

from mirascope.core import (
    AudioPart,
    AudioURLPart,
    BaseMessageParam,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.core.base import JsonableType
from mirascope.web._encoder import jsonable, to_json

MAX_BYTES: Final = 16 * 2**20
MAX_MESSAGES: Final = 1000
MAX_PARTS: Final = 1000
"""In one message."""
MAX_DEPTH: Final = 64
"""How deep objects and lists may be nested."""

Media: TypeAlias = (
    ImagePart | ImageURLPart | AudioPart | AudioURLPart | DocumentPart | DocumentURLPart
)

_SHORT: Final = 40
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}")


class Conversation(list[BaseMessageParam]):
    """The messages of a request from a browser, to pass to a call.

    Attributes:
        approved (list): The tool calls that the user just approved and that did not run yet. Run
            each and call `add_result` before you send the messages. The data comes from the
            browser: check the arguments like any other user input.
    """

    def __init__(self, messages: Iterable[BaseMessageParam] = ()) -> None:
        super().__init__(messages)
        self.approved: list[ToolCallPart] = []

    def add_result(self, call: ToolCallPart, output: JsonableType | BaseException) -> None:
        """Add the output of an approved tool call, or the error that the tool raised.

        Args:
            call: The call, one of `approved`.
            output: A text is sent to the model unchanged, other values as JSON. For an error, its
                text is sent.
        """
        failed = isinstance(output, BaseException)
        value = str(output) if failed else jsonable(output)
        part = ToolResultPart(
            name=call.name,
            content=value if isinstance(value, str) else to_json(value).decode(),
            id=call.id,
            is_error=failed,
        )
        results = self[-1] if self and self[-1].role == "tool" else None
        if results is None:
            self.append(BaseMessageParam(role="tool", content=[part]))
        else:
            self[-1] = results.model_copy(update={"content": [*results.content, part]})


def decoded(body: object, max_bytes: int) -> Any:
    """Return a body as JSON, which it may be already; within bounds.

    Raises:
        ValueError: It is not JSON, is too large or is nested too deeply.
    """
    if isinstance(body, bytes | bytearray | str):
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
        try:
            body = json.loads(cast("bytes | str", body))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the body is not JSON: {_reason(error)}") from None
    if _size(body, max_bytes) > max_bytes:
        raise _too_large(max_bytes)
    return body


def _too_large(max_bytes: int) -> ValueError:
    return ValueError(f"the body is larger than {max_bytes} bytes")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "a number is too long"


def _size(value: object, limit: int) -> int:
    """Return about how large a decoded body is; look no further than the limit."""
    size = 0
    left: list[tuple[object, int]] = [(value, 0)]
    while left and size <= limit:
        each, depth = left.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"the body is nested more than {MAX_DEPTH} levels deep")
        size += 2
        if isinstance(each, str):
            size += len(each)
            if not each.isascii() and _SURROGATE.search(each):
                raise ValueError(
                    "the body has a text that is not Unicode: half of a surrogate pair"
                )
        if isinstance(each, dict):
            inside = cast("dict[object, object]", each)
            left += [(one, depth + 1) for pair in inside.items() for one in pair]
        elif isinstance(each, list):
            left += [(one, depth + 1) for one in cast("list[object]", each)]
    return size


class Place:
    """A place in a body, which errors name.

    Args:
        value: What is there.
        name: Its name, such as ``messages[0].parts[1]``.
    """

    value: object

    def __init__(self, value: object, name: str) -> None:
        self.value = value
        self.name = name

    def wrong(self, problem: str) -> ValueError:
        """Return the error for it."""
        return ValueError(f"{self.name} {problem}")

    def field(self, name: str) -> Place:
        """Return a field of an object; its value is ``None`` if it is not there.

        Raises:
            ValueError: The value is not an object.
        """
        value = self.value
        if not isinstance(value, dict):
            raise self.wrong(f"must be an object, not {_kind(value)}")
        inner = cast("dict[str, object]", value).get(name)
        return Place(inner, f"{self.name}.{name}" if self.name != "the body" else name)

    def text(self, *, required: bool = True) -> str:
        """Return it as a text.

        Raises:
            ValueError: It is none; if it is required, also if it is not there.
        """
        if self.value is None and not required:
            return ""
        if not isinstance(self.value, str):
            raise self.wrong(f"must be a text, not {_kind(self.value)}")
        return self.value

    def items(self, most: int) -> list[Place]:
        """Return the elements of a list.

        Raises:
            ValueError: It is none, or has more than that.
        """
        value = self.value
        if not isinstance(value, list):
            raise self.wrong(f"must be a list, not {_kind(value)}")
        found = cast("list[object]", value)
        if len(found) > most:
            raise self.wrong(f"has {len(found)} elements, more than {most}")
        return [Place(each, f"{self.name}[{at}]") for at, each in enumerate(found)]


def _kind(value: object) -> str:
    if value is None:
        return "missing or null"
    kinds = {"bool": "a boolean", "str": "a text", "list": "a list", "dict": "an object"}
    return kinds.get(type(value).__name__, "a number")


def shortened(text: str) -> str:
    """Return a text of a stranger as it may stand in an error."""
    return repr(text if len(text) <= _SHORT else text[:_SHORT] + "...")


def media(place: Place, url: str, media_type: str, family: str = "") -> Media:
    """Return the part of a message for a file.

    Args:
        place: Where it is.
        url: Its URL, a data URL or one that the provider fetches.
        media_type: Its media type; ``""`` to take that of a data URL.
        family: The first half of the type, where a URL may lack the full type.

    Raises:
        ValueError: The URL is neither, or the data are not base64.
    """
    head, comma, data = url.partition(",")
    scheme = head.partition(":")[0].lower()
    if scheme == "data" and comma:
        options = head[5:].split(";")
        if "base64" not in options[1:]:
            raise place.wrong("must have its data as base64")
        try:
            content = base64.b64decode(data, validate=True)
        except ValueError:
            raise place.wrong("must have its data as valid base64") from None
        return _inline(place, _checked(place, media_type or options[0]), content)
    if scheme != "https":
        raise place.wrong(f"must have a data or an https URL, not {shortened(url[:20])}")
    known = _checked(place, media_type) if media_type or not family else None
    match (known or family).partition("/")[0]:
        case "image":
            return ImageURLPart(url=url, media_type=known)
        case "audio":
            return AudioURLPart(url=url, media_type=known)
        case _:
            return DocumentURLPart(url=url, media_type=known)


def _inline(place: Place, media_type: str, content: bytes) -> Media:
    if not content:
        raise place.wrong("is empty")
    match media_type.partition("/")[0]:
        case "image":
            return ImagePart(media_type=media_type, image=content)
        case "audio":
            return AudioPart(media_type=media_type, audio=content)
        case _:
            return DocumentPart(media_type=media_type, document=content)


def _checked(place: Place, media_type: str) -> str:
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise place.wrong(f"must have a media type such as image/png, not {shortened(media_type)}")
    return media_type.lower()


def returned(parts: Sequence[TextPart | ToolCallPart], kept: object) -> BaseMessageParam:
    """Return a response that the page sends back, as its message.

    Args:
        parts: Its parts, as the page has them.
        kept: The complete message that the page kept for us, if it did. It is used if it has the
            same: then its provider gets back all that it wants.
    """
    alone = parts[0].text if len(parts) == 1 and isinstance(parts[0], TextPart) else None
    plain = BaseMessageParam(role="assistant", content=parts if alone is None else alone)
    try:
        message = BaseMessageParam.model_validate(kept)
    except ValidationError:
        return plain
    return message if message.role == "assistant" and _gist(message) == _gist(plain) else plain


def _gist(message: BaseMessageParam) -> tuple[str, list[object]]:
    """Return the text and the calls of a message; of any other part, that it is there."""
    if isinstance(message.content, str):
        return message.content, []
    texts: list[str] = []
    others: list[object] = []
    for part in message.content:
        if isinstance(part, TextPart):
            texts.append(part.text)
        elif isinstance(part, ToolCallPart):
            others.append((part.id, part.name, part.args or {}))
        else:
            others.append(part.type)
    return "".join(texts), others
