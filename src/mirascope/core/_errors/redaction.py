"""What is never told: keys, what holds them, and what is sent.

A key is known by where a client keeps it, or by how it looks. Errors are cleaned of keys where they
are made; what is logged or pickled is cleaned of what could hold one. The conversation is left as
it is: a tool may well have an argument of the name ``client``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, cast

from pydantic import BaseModel
from typing_extensions import TypeVar, override

T = TypeVar("T")

SHORTEST_KEY: Final = 8
"""Anything shorter is a placeholder, and likely a word."""

_HIDDEN: Final = "***"
_CREDENTIALS: Final = ("key", "token", "authorization", "secret")
"""The endings of the names of credentials, in a client or a request."""
_PRIVATE: Final = ("api_key", "auth_token", "authorization", "headers")
"""How the names end, in a configuration, of what may hold a key."""
_CONVERSATION: Final = frozenset({"contents", "messages", "system", "tools"})
_EXCERPT: Final = 200
_LOOKS_LIKE_A_KEY: Final = re.compile(
    r"\b(?:sk-|gsk_|AIza)[\w*-]{8,}|(?<=\bBearer )[\w.~+/*=-]{8,}"
)


class HiddenRepr(dict[str, T]):
    """A dictionary whose representation does not tell what it holds."""

    @override
    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


def credentials_in(*holders: object) -> Iterator[str]:
    """Yield the credentials among the attributes or items of objects, by the names of those.

    Mappings and models inside are searched too, such as headers; other objects are not.

    >>> [*credentials_in({"extra_headers": {"Authorization": "Bearer 12345678"}, "model": "m"})]
    ['12345678']
    """
    for holder in holders:
        items = cast(
            "object", holder if isinstance(holder, Mapping) else getattr(holder, "__dict__", {})
        )
        for name, value in list(cast("Mapping[object, object]", items).items()):
            if isinstance(value, Mapping | BaseModel):
                yield from credentials_in(cast("object", value))
            elif isinstance(value, str) and str(name).lower().endswith(_CREDENTIALS):
                key = value.removeprefix("Bearer ")
                if len(key) >= SHORTEST_KEY:
                    yield key


def can_be_sent(key: str) -> bool:
    """Tell whether HTTP can carry a key."""
    return key.isascii() and key.isprintable()


def redacted(text: str, secrets: Collection[str] = ()) -> str:
    """Return a text without keys: those, and whatever looks like one.

    >>> redacted("Incorrect API key provided: sk-proj-123456789.", ["abcdefgh"])
    'Incorrect API key provided: ***.'
    """
    for secret in sorted(secrets, key=len, reverse=True):
        for form in (secret, repr(secret)[1:-1]):
            text = text.replace(form, _HIDDEN)
    return _LOOKS_LIKE_A_KEY.sub(_HIDDEN, text)


def excerpt(data: bytes, secrets: Collection[str]) -> str:
    r"""Return the beginning of what a server sent, in quotes, on one line and without keys.

    >>> excerpt(b"<html>\n<p>Key 12345678 is not known here.", ["12345678"])
    "'<html> <p>Key *** is not known here.'"
    """
    text = " ".join(redacted(data.decode(errors="replace"), secrets).split())
    return repr(text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}...")


def redact(error: BaseException, secrets: Collection[str]) -> None:
    """Clean an error, and those that it came from, of keys, and its text of headers."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause.args = cast("tuple[object, ...]", _cleaned(cause.args, secrets))
        attributes = getattr(cause, "__dict__", {})
        attributes.update({name: _cleaned(attributes[name], secrets) for name in attributes})
        if isinstance(attributes.get("headers"), dict):
            attributes["headers"] = HiddenRepr(attributes["headers"])
        cause = cause.__cause__ or cause.__context__


def _cleaned(value: object, secrets: Collection[str]) -> object:
    if isinstance(value, str):
        return redacted(value, secrets)
    if type(value) is dict:
        fields = cast("dict[object, object]", value)
        return {name: _cleaned(field, secrets) for name, field in fields.items()}
    if type(value) in {list, tuple}:
        elements = cast("list[object] | tuple[object, ...]", value)
        return type(elements)([_cleaned(element, secrets) for element in elements])
    return value


def is_plain(value: object) -> bool:
    """Tell what is nothing but JSON."""
    if isinstance(value, Mapping):
        return all(map(is_plain, cast("Mapping[object, object]", value).values()))
    if isinstance(value, list | tuple):
        return all(map(is_plain, cast("list[object]", value)))
    return value is None or isinstance(value, str | int | float)


def is_private(name: object, value: object) -> bool:
    """Tell a field of a configuration that may hold a key, or is a client."""
    ending = str(name).lower()
    return ending.endswith(_PRIVATE) or (ending.endswith("client") and not is_plain(value))


def redact_settings(settings: Mapping[str, object]) -> dict[str, object]:
    """Return settings without what may hold a key; all else stays as it is."""
    return {
        name: field if name in _CONVERSATION else _public(field)
        for name, field in settings.items()
        if not is_private(name, field)
    }


def _public(value: object) -> object:
    if isinstance(value, BaseModel):
        told = {name: getattr(value, name) for name in value.model_fields_set}
        hidden = dict.fromkeys(told.keys() - redact_settings(told).keys())
        return value.model_copy(update={**redact_settings(told), **hidden})
    if isinstance(value, Mapping):
        return redact_settings(cast("Mapping[str, object]", value))
    if isinstance(value, list | tuple):
        return [_public(element) for element in cast("list[object]", value)]
    return value
