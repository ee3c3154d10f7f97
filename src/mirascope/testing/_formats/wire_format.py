"""How a provider's API looks from the server's side."""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias, cast

JSONObject: TypeAlias = dict[str, Any]

KEY: Final = "a-key-for-tests"
"""The API key that clients are given."""

CREATED: Final = 1_700_000_000
"""When every reply was made, in seconds since the epoch."""

_WORDS = re.compile(r"\s*\S+(?:\s+\Z)?|\s+\Z")


class Message(NamedTuple):
    """A message of a request. You can compare it with a tuple of a role and a text.

    Attributes:
        role (str): ``"system"``, ``"user"``, ``"assistant"`` or ``"tool"``, for every provider.
        content (str): The text, or the output of a tool. Other parts are shown as a name in angle
            brackets, such as ``"<image_url>"``.
    """

    role: str
    content: str


@dataclass(frozen=True)
class ToolCall:
    """A tool call of a reply; `call` makes it."""

    name: str
    arguments: Mapping[str, object]

    @property
    def json(self) -> str:
        """The arguments as JSON."""
        return _json(self.arguments)


def call(name: str, /, **arguments: object) -> ToolCall:
    """Return a tool call, for ``llm.reply(tools=[...])``.

    Args:
        name: The name of the tool.
        arguments: The arguments of the tool: anything that pydantic can write as JSON, such as
            models and dates.

    Example:
        >>> call("get_author", title="Emma").json
        '{"title": "Emma"}'
    """
    return ToolCall(name, arguments)


def as_json(value: object) -> str:
    """Return a value as JSON, as pydantic writes it; other values than objects in one.

    Raises:
        TypeError: JSON cannot represent it.
    """
    return _json(value if _is_object(value) else {"value": value})


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping) or hasattr(cast("Any", value), "model_dump")


def _json(value: object) -> str:
    import pydantic_core  # noqa: PLC0415  # slow to import

    try:
        plain = pydantic_core.to_jsonable_python(value)
    except pydantic_core.PydanticSerializationError as error:
        raise TypeError(f"JSON cannot represent this: {error}") from error
    return json.dumps(plain, ensure_ascii=False)


def pieces(text: str, size: int | None) -> list[str]:
    """Cut a text into pieces of a number of characters, or into words."""
    if size is None:
        return _WORDS.findall(text)
    return [text[start : start + size] for start in range(0, len(text), size)]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a model replies, in pieces.

    Attributes:
        reasoning: The pieces of its reasoning.
        text: The pieces of its text.
        calls: The calls of tools: an id, a name and the pieces of the arguments' JSON.
        usage: The tokens of the request, and of the reply.
        finish_reason: In the provider's own words.
        model: The name of the model.
    """

    reasoning: Sequence[str] = ()
    text: Sequence[str] = ()
    calls: Sequence[tuple[str, str, Sequence[str]]] = ()
    usage: tuple[int, int] = (0, 0)
    finish_reason: str = ""
    model: str = ""


class WireFormat(ABC):
    """A provider's API.

    Attributes:
        name: The name of the provider.
        folder: The first folder of the paths of its requests; its name, unless it shares a server.
        key_variable: The environment variable of the key.
        url_variable: The environment variable of the base URL.
        url_path: What follows a server's address in the base URL.
        path: A pattern of the paths, below the base URL, for which replies can be written.
        cancel_path: A pattern of the paths, below the base URL, whose requests cancel a response;
            its group is the id. ``""`` if there is none.
        upstream: The base URL of the provider itself; a star is what each account has otherwise.
        host: A pattern of the provider's hosts; the default is the host of `upstream`.
        other_variables: Further variables that choose a key or a server.
        other_keys: Further variables with a key, which other programs read too.
        constants: Further variables that a client needs, and their values.
        finish_reasons: The provider's words for the common finish reasons.
    """

    name: str
    folder: ClassVar[str] = ""
    key_variable: str
    url_variable: str
    url_path: ClassVar[str] = ""
    path: ClassVar[str]
    cancel_path: ClassVar[str] = ""
    upstream: str
    host: ClassVar[str] = ""
    other_variables: ClassVar[tuple[str, ...]] = ()
    other_keys: tuple[str, ...] = ()
    constants: ClassVar[Mapping[str, str]] = {}
    finish_reasons: ClassVar[Mapping[str, str]] = {}

    def real_url(self) -> str:
        """Return the base URL of the provider itself: that of the environment, if it has one."""
        return os.environ.get(self.url_variable) or self.upstream

    @abstractmethod
    def content(self, reply: Reply) -> Iterator[bytes]:
        """Yield the events of a streamed reply, up to its last content."""

    @abstractmethod
    def end(self, reply: Reply) -> Iterator[bytes]:
        """Yield the events that end a streamed reply."""

    @abstractmethod
    def whole(self, reply: Reply) -> JSONObject:
        """Return the JSON of a reply that is not streamed."""

    @abstractmethod
    def error_event(self, message: str, status: int) -> bytes:
        """Return the event of an error inside a streamed reply."""

    @abstractmethod
    def error_body(self, message: str, status: int) -> JSONObject:
        """Return the JSON of an HTTP error."""

    @abstractmethod
    def messages(self, body: JSONObject) -> list[Message]:
        """Return the messages of a request."""

    def model(self, path: str, body: JSONObject) -> str:
        """Return the name of the model that is requested."""
        del path
        return str(body.get("model", ""))

    def is_streamed(self, path: str, body: JSONObject) -> bool:
        """Return whether a streamed reply is requested."""
        del path
        return bool(body.get("stream"))

    def tools(self, body: JSONObject) -> list[str]:
        """Return the names of the tools of a request."""
        return [tool.get("function", tool).get("name", "") for tool in body.get("tools") or ()]


def event(data: object, name: str | None = None) -> bytes:
    """Return a server-sent event with JSON."""
    start = f"event: {name}\n" if name else ""
    return f"{start}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def text_of(content: object) -> str:
    """Return the text of a message's content: a text, or a list of parts."""
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(map(_part, cast("Iterable[Mapping[str, object] | str]", content)))


def _part(part: Mapping[str, object] | str) -> str:
    if isinstance(part, str):
        return part
    text = part.get("text")
    return text if isinstance(text, str) else f"<{part.get('type', 'part')}>"
