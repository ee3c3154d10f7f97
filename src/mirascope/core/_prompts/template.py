"""Templates: text with roles and variables, read once and filled for each call.

Rules. A role word (``SYSTEM:``, ``USER:``, ``ASSISTANT:``, ``MESSAGES:``) counts at the start of a
line only. What is substituted is never read again, so a value cannot start a message. The
indentation that all lines share is dropped; what is left inside a message is kept. Variables follow
`str.format`, and ``None`` becomes nothing; ``{items:list}`` puts one item a line and
``{groups:lists}`` a blank line between groups.

``{photo:image}`` makes a part of its own, ``{photos:images}`` one for each of a list; so do
``audio``, ``document``, ``text`` and ``part``. An image may have ``(detail=low)``. A value that is
empty or ``None`` makes no part. ``{:cache_control}`` marks where a cached prompt ends. The text
around parts loses the blanks next to them. A message of one text is a string. What of a value is
read, and what may forbid that, `_media` tells.
"""

from __future__ import annotations

import re
import string
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias, cast

from typing_extensions import override

from mirascope.core._prompts import media
from mirascope.core._prompts.message_param import (
    BaseMessageParam,
    CacheControlPart,
    Message,
    Part,
    TextPart,
)
from mirascope.errors import TemplateError

_ROLE: Final = re.compile(r"^[ \t]*(SYSTEM|USER|ASSISTANT|MESSAGES):", re.MULTILINE)
_SPEC: Final = re.compile(
    r"(?:(text|image|audio|document|part)(s)?|(cache_control))(?:\(([^()]*)\))?"
)
_MAKERS: Final[Mapping[str, Callable[..., Part]]] = {
    "text": media.text_part,
    "image": media.image_part,
    "audio": media.audio_part,
    "document": media.document_part,
    "part": media.part_of,
}
_OPTIONS: Final = {"image": {"detail"}, "cache_control": {"type"}}


@dataclass(frozen=True)
class _Section:
    role: str
    text: str


@dataclass(frozen=True)
class _Field:
    name: str
    conversion: str | None
    spec: str


@dataclass(frozen=True)
class _PartField:
    """Something that makes parts; `several` if its value is a list of sources."""

    field: _Field
    kind: str
    several: bool
    options: Mapping[str, str]


_Text: TypeAlias = tuple[str | _Field, ...]


class Template:
    r"""A prompt template.

    Args:
        text: The template's text.

    Example:
        >>> template = Template("SYSTEM: Be brief.\nUSER: Recommend a {genre} book")
        >>> [str(m.content) for m in template.messages({"genre": "fantasy"})]
        ['Be brief.', 'Recommend a fantasy book']
    """

    def __init__(self, text: str) -> None:
        self._text = textwrap.dedent(text).strip()
        self._sections = _sections(self._text)

    def messages(self, variables: Mapping[str, object], owner: str = "") -> list[Message]:
        """Return the messages for one set of variables.

        Args:
            variables: The values, by name.
            owner: The function's name, for errors.

        Raises:
            TemplateError: A variable is not there.
            ValueError: A value does not suit its place.
        """
        fill = _Fill(variables, owner)
        messages: list[Message] = []
        for section in self._sections:
            if section.role == "MESSAGES":
                messages += fill.history(section.text)
            elif content := fill.content(section.text):
                messages.append(BaseMessageParam(role=section.role.lower(), content=content))
        return messages

    def text(self, variables: Mapping[str, object], owner: str = "") -> str:
        """Return the template filled as it stands, role words included, parts as their values."""
        return _Fill(variables, owner).text(self._text)


def _sections(text: str) -> list[_Section]:
    starts = list(_ROLE.finditer(text))
    if not starts:
        return [_Section("USER", text)]
    if before := text[: starts[0].start()].strip():
        warnings.warn(
            f"not sent, because it stands before the template's first role: {before!r}",
            stacklevel=2,
        )
    ends = [start.start() for start in starts[1:]] + [len(text)]
    bodies = (text[start.end() : end] for start, end in zip(starts, ends, strict=True))
    return [
        _Section(start[1], textwrap.dedent(body).strip())
        for start, body in zip(starts, bodies, strict=True)
    ]


@cache
def _fields(text: str) -> list[str | _Field]:
    """Split a text into what stands there and what is to be filled in."""
    pieces: list[str | _Field] = []
    for literal, name, spec, conversion in string.Formatter().parse(text):
        if literal:
            pieces.append(literal)
        if name is not None:
            pieces.append(_Field(name, conversion, spec or ""))
    return pieces


@cache
def _runs(text: str) -> list[_Text | _PartField]:
    """Split a message into what makes parts and the texts between, without the blanks at ends."""
    runs: list[_Text | _PartField] = []
    between: list[str | _Field] = []
    for piece in _fields(text):
        part = _part_field(piece)
        if part is None:
            between.append(piece)
        else:
            runs += [_trimmed(between), part]
            between = []
    return [*runs, _trimmed(between)]


def _trimmed(pieces: list[str | _Field]) -> _Text:
    """Drop the blanks at the ends that stand in the template; those of values are theirs."""
    ends = [*pieces]
    if ends and isinstance(ends[0], str):
        ends[0] = ends[0].lstrip()
    if ends and isinstance(ends[-1], str):
        ends[-1] = ends[-1].rstrip()
    return tuple(ends)


def _part_field(piece: str | _Field) -> _PartField | None:
    spec = None if isinstance(piece, str) else _SPEC.fullmatch(piece.spec)
    if isinstance(piece, str) or spec is None:
        return None
    kind = spec[1] or spec[3]
    pairs = (option.partition("=") for option in (spec[4] or "").split(",") if option.strip())
    options = {name.strip(): value.strip() for name, _, value in pairs}
    if unknown := options.keys() - _OPTIONS.get(kind, set()):
        raise ValueError(f"{{{piece.name}:{piece.spec}}}: {kind} has no option {unknown.pop()!r}")
    return _PartField(piece, kind, spec[2] is not None, options)


class _Fill(string.Formatter):
    """Fills texts with one set of variables."""

    def __init__(self, variables: Mapping[str, object], owner: str) -> None:
        self._variables = variables
        self._owner = owner

    def text(self, text: str) -> str:
        return "".join(map(self._as_text, _fields(text)))

    def content(self, text: str) -> str | list[Part]:
        """Return the content of a message, empty if there is none."""
        parts = [part for run in _runs(text) for part in self._parts(run)]
        match parts:
            case [TextPart(text=alone)]:
                return alone
            case _:
                return parts

    def _parts(self, run: _Text | _PartField) -> Iterator[Part]:
        if isinstance(run, tuple):
            text = "".join(map(self._as_text, run))
            if text.strip():
                yield TextPart(text=text)
        elif run.kind == "cache_control":
            yield CacheControlPart(cache_type=run.options.get("type", "ephemeral"))
        else:
            make = _MAKERS[run.kind]
            for source in filter(None, self._sources(run)):
                try:
                    yield make(source, **run.options)
                except ValueError as error:
                    raise ValueError(f"{_as_it_stands(run.field)} {error}") from error

    def _sources(self, run: _PartField) -> Iterable[object]:
        value = self._value(run.field.name)
        if not run.several:
            return (value,)
        if value is not None and not isinstance(value, list | tuple):
            raise ValueError(f"{_as_it_stands(run.field)} needs a list, not {type(value).__name__}")
        return cast("Sequence[object]", value or ())

    def _as_text(self, piece: str | _Field) -> str:
        return piece if isinstance(piece, str) else self._filled(piece)

    def history(self, text: str) -> list[Message]:
        pieces = _fields(text)
        if len(pieces) != 1 or isinstance(pieces[0], str):
            raise ValueError(f"MESSAGES: takes one variable in braces, not {text!r}")
        name = pieces[0].name
        value = self._value(name)
        if not isinstance(value, list | tuple):
            raise ValueError(  # noqa: TRY004
                f"MESSAGES: {{{name}}} must be a list of messages, not {type(value).__name__}"
            )
        return list(cast("Iterable[Message]", value))

    def _filled(self, field: _Field) -> str:
        part = _part_field(field)
        if part and not field.name:
            return _as_it_stands(field)
        value = self.convert_field(self._value(field.name), field.conversion)
        if value is None:
            return ""
        if part:
            return str(value)
        if field.spec in {"list", "lists"}:
            return _listed(field, value)
        return format(value, self.text(field.spec) if "{" in field.spec else field.spec)

    def _value(self, name: str) -> object:
        return self.get_field(name, (), self._variables)[0]

    @override
    def get_value(
        self, key: int | str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> object:
        if isinstance(key, str) and key in kwargs:
            return kwargs[key]
        known = ", ".join(kwargs) or "no variables"
        raise TemplateError(
            f"the template of {self._owner or 'this prompt'} names {{{key}}}, "
            f"but what there is to fill in is: {known}"
        )


def _as_it_stands(field: _Field) -> str:
    return f"{{{field.name}:{field.spec}}}"


def _listed(field: _Field, value: object) -> str:
    if not isinstance(value, list):
        raise ValueError(  # noqa: TRY004
            f"{_as_it_stands(field)} needs a list, not {type(value).__name__}"
        )
    items = cast("list[object]", value)
    if field.spec == "list":
        return "\n".join(map(str, items))
    groups: list[str] = []
    for group in items:
        if not isinstance(group, list | tuple | set):
            raise ValueError(  # noqa: TRY004
                f"{{{field.name}:lists}} needs a list of lists, not of {type(group).__name__}"
            )
        groups.append("\n".join(map(str, cast("Iterable[object]", group))))
    return "\n\n".join(groups)
