"""Templates: text with roles and variables, parsed once and rendered for each call.

Rules. A role word (``SYSTEM:``, ``USER:``, ``ASSISTANT:``, ``MESSAGES:``) counts only at the start
of a line. Substituted values are never parsed, so a value cannot start a message. The indentation
that all lines share is removed; other indentation is kept. Variables follow `str.format`, and
``None`` becomes ``""``; ``{items:list}`` puts each item on a line, ``{groups:lists}`` puts a blank
line between groups.

``{photo:image}`` is a part of its own, ``{photos:images}`` one for each element of a list; likewise
``audio``, ``document``, ``text`` and ``part``. An image may have ``(detail=low)``. A value that is
empty or ``None`` is no part. ``{:cache_control}`` marks the end of a cached prompt. Whitespace of
the template next to parts is removed. A message of one text part is a string. `media` documents how
values are read, and how that is restricted.
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
    """A field that becomes parts; `several` if its value is a list of sources."""

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
            TemplateError: A variable is missing.
            ValueError: A value is invalid in its place.
        """
        renderer = _Renderer(variables, owner)
        messages: list[Message] = []
        for section in self._sections:
            if section.role == "MESSAGES":
                messages += renderer.history(section.text)
            elif content := renderer.content(section.text):
                messages.append(BaseMessageParam(role=section.role.lower(), content=content))
        return messages

    def text(self, variables: Mapping[str, object], owner: str = "") -> str:
        """Return the rendered template as one text, with role words, and with parts as values."""
        return _Renderer(variables, owner).text(self._text)


def _sections(text: str) -> list[_Section]:
    starts = list(_ROLE.finditer(text))
    if not starts:
        return [_Section("USER", text)]
    if before := text[: starts[0].start()].strip():
        warnings.warn(
            f"this text before the first role of the template is not sent: {before!r}",
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
    """Split a text into literals and fields."""
    pieces: list[str | _Field] = []
    for literal, name, spec, conversion in string.Formatter().parse(text):
        if literal:
            pieces.append(literal)
        if name is not None:
            pieces.append(_Field(name, conversion, spec or ""))
    return pieces


@cache
def _runs(text: str) -> list[_Text | _PartField]:
    """Split a message into fields that become parts and the stripped texts between them."""
    runs: list[_Text | _PartField] = []
    between: list[str | _Field] = []
    for piece in _fields(text):
        part = _part_field(piece)
        if part is None:
            between.append(piece)
        else:
            runs += [_stripped(between), part]
            between = []
    return [*runs, _stripped(between)]


def _stripped(pieces: list[str | _Field]) -> _Text:
    """Strip the template's own whitespace at both ends; that of values is kept."""
    stripped = [*pieces]
    if stripped and isinstance(stripped[0], str):
        stripped[0] = stripped[0].lstrip()
    if stripped and isinstance(stripped[-1], str):
        stripped[-1] = stripped[-1].rstrip()
    return tuple(stripped)


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


class _Renderer(string.Formatter):
    """Renders texts with one set of variables."""

    def __init__(self, variables: Mapping[str, object], owner: str) -> None:
        self._variables = variables
        self._owner = owner

    def text(self, text: str) -> str:
        return "".join(map(self._render, _fields(text)))

    def content(self, text: str) -> str | list[Part]:
        """Return the content of a message, empty if there is none."""
        parts = [part for run in _runs(text) for part in self._parts(run)]
        if len(parts) == 1 and isinstance(parts[0], TextPart):
            return parts[0].text
        return parts

    def _parts(self, run: _Text | _PartField) -> Iterator[Part]:
        if isinstance(run, tuple):
            text = "".join(map(self._render, run))
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
                    raise ValueError(f"{_source_of(run.field)} {error}") from error

    def _sources(self, run: _PartField) -> Iterable[object]:
        value = self._value(run.field.name)
        if not run.several:
            return (value,)
        if value is not None and not isinstance(value, list | tuple):
            raise ValueError(f"{_source_of(run.field)} needs a list, not {type(value).__name__}")
        return cast("Sequence[object]", value or ())

    def history(self, text: str) -> list[Message]:
        pieces = _fields(text)
        if len(pieces) != 1 or isinstance(pieces[0], str):
            raise ValueError(f"MESSAGES: must be followed by one variable in braces, not {text!r}")
        name = pieces[0].name
        value = self._value(name)
        if not isinstance(value, list | tuple):
            raise ValueError(  # noqa: TRY004
                f"MESSAGES: {{{name}}} must be a list of messages, not {type(value).__name__}"
            )
        return list(cast("Iterable[Message]", value))

    def _render(self, field: str | _Field) -> str:
        if isinstance(field, str):
            return field
        part = _part_field(field)
        if part and not field.name:
            return _source_of(field)
        value = self.convert_field(self._value(field.name), field.conversion)
        if value is None:
            return ""
        if part:
            return str(value)
        if field.spec in {"list", "lists"}:
            return _render_list(field, value)
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
            f"the template of {self._owner or 'this prompt'} has {{{key}}}, "
            f"but its variables are: {known}"
        )


def _source_of(field: _Field) -> str:
    return f"{{{field.name}:{field.spec}}}"


def _render_list(field: _Field, value: object) -> str:
    if not isinstance(value, list):
        raise ValueError(  # noqa: TRY004
            f"{_source_of(field)} needs a list, not {type(value).__name__}"
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
