"""Redaction: API keys and headers never appear in errors, logs or pickles.

A key is recognized by the attribute of a client that holds it, or by its format. Errors are
redacted where they are made. From what is logged or pickled, the fields that could hold a key are
removed. The messages stay as they are: a tool may well have an argument named ``client``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, cast

from pydantic import BaseModel
from typing_extensions import TypeVar, override

T = TypeVar("T")

SHORTEST_KEY: Final = 8
"""The length of the shortest key: shorter values are placeholders, or ordinary words."""

_HIDDEN: Final = "***"
_KEY_SUFFIXES: Final = ("key", "token", "authorization", "secret")
"""Suffixes of the names of credentials, in a client or a request."""
_PRIVATE_SUFFIXES: Final = ("api_key", "auth_token", "authorization", "headers")
"""Suffixes of the names of settings that may hold a key."""
_MESSAGES: Final = frozenset({"contents", "messages", "system", "tools"})
_EXCERPT_LENGTH: Final = 200
_KEY_FORMAT: Final = re.compile(
    r"\b(?:sk-|gsk_|AIza)[\w*-]{8,}|(?<=\bBearer )[\w.~+/*=-]{8,}"
    r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+"  # a JSON Web Token, such as Entra's
    r"|\bya29\.[\w.-]{8,}"  # Google's
)


class HiddenRepr(dict[str, T]):
    """A dictionary whose ``repr`` has no values."""

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
            elif isinstance(value, str) and str(name).lower().endswith(_KEY_SUFFIXES):
                key = value.removeprefix("Bearer ")
                if len(key) >= SHORTEST_KEY:
                    yield key


def can_be_sent(key: str) -> bool:
    """Return whether a key can be sent in an HTTP header."""
    return key.isascii() and key.isprintable()


def redacted(text: str, secrets: Collection[str] = ()) -> str:
    """Return a text without the given keys, and without all that have the format of a key.

    >>> redacted("Incorrect API key provided: sk-proj-123456789.", ["abcdefgh"])
    'Incorrect API key provided: ***.'
    """
    for secret in sorted(secrets, key=len, reverse=True):
        for spelling in (secret, repr(secret)[1:-1]):
            text = text.replace(spelling, _HIDDEN)
    return _KEY_FORMAT.sub(_HIDDEN, text)


def excerpt(data: bytes, secrets: Collection[str]) -> str:
    r"""Return the beginning of what a server sent, quoted, on one line and without keys.

    >>> excerpt(b"<html>\n<p>Key 12345678 is not known here.", ["12345678"])
    "'<html> <p>Key *** is not known here.'"
    """
    text = " ".join(redacted(data.decode(errors="replace"), secrets).split())
    return repr(text if len(text) <= _EXCERPT_LENGTH else f"{text[:_EXCERPT_LENGTH]}...")


def redact(error: BaseException, secrets: Collection[str]) -> None:
    """Remove keys from an error and its causes, and hide the headers that they hold."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause.args = cast("tuple[object, ...]", _redacted_value(cause.args, secrets))
        attributes = getattr(cause, "__dict__", {})
        attributes.update({name: _redacted_value(attributes[name], secrets) for name in attributes})
        if isinstance(attributes.get("headers"), dict):
            attributes["headers"] = HiddenRepr(attributes["headers"])
        cause = cause.__cause__ or cause.__context__


def _redacted_value(value: object, secrets: Collection[str]) -> object:
    if isinstance(value, str):
        return redacted(value, secrets)
    if type(value) is dict:
        fields = cast("dict[object, object]", value)
        return {name: _redacted_value(field, secrets) for name, field in fields.items()}
    if type(value) in {list, tuple}:
        elements = cast("list[object] | tuple[object, ...]", value)
        return type(elements)([_redacted_value(element, secrets) for element in elements])
    return value


def is_plain(value: object) -> bool:
    """Return whether a value consists of JSON types only."""
    if isinstance(value, Mapping):
        return all(map(is_plain, cast("Mapping[object, object]", value).values()))
    if isinstance(value, list | tuple):
        return all(map(is_plain, cast("list[object]", value)))
    return value is None or isinstance(value, str | int | float)


def is_private(name: object, value: object) -> bool:
    """Return whether a setting may hold a key, or is a client."""
    lowered = str(name).lower()
    if lowered.endswith(_PRIVATE_SUFFIXES):
        return True
    return lowered.endswith("client") and not is_plain(value)


def redact_settings(settings: Mapping[str, object]) -> dict[str, object]:
    """Return settings without those that may hold a key."""
    return {
        name: field if name in _MESSAGES else _redacted_setting(field)
        for name, field in settings.items()
        if not is_private(name, field)
    }


def _redacted_setting(value: object) -> object:
    if isinstance(value, BaseModel):
        settings = {name: getattr(value, name) for name in value.model_fields_set}
        public = redact_settings(settings)
        return value.model_copy(update={**public, **dict.fromkeys(settings.keys() - public.keys())})
    if isinstance(value, Mapping):
        return redact_settings(cast("Mapping[str, object]", value))
    if isinstance(value, list | tuple):
        return [_redacted_setting(element) for element in cast("list[object]", value)]
    return value
