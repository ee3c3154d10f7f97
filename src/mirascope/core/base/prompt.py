"""Prompt templates: text with roles and variables, read once and filled for each call.

Rules. A role word (``SYSTEM:``, ``USER:``, ``ASSISTANT:``, ``MESSAGES:``) counts at the start of a
line only. What is substituted is never read again, so a value cannot start a message. The
indentation that all lines share is dropped; what is left inside a message is kept. Variables follow
`str.format`, and ``None`` becomes nothing; ``{items:list}`` puts one item a line and
``{groups:lists}`` a blank line between groups.
"""

from __future__ import annotations

import inspect
import os
import re
import string
import textwrap
import warnings
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, wraps
from typing import ClassVar, Protocol, TypeAlias, cast, overload

from pydantic import BaseModel
from typing_extensions import ParamSpec, TypeIs, TypeVar, override

from mirascope.core.base.dynamic_config import DynamicConfig
from mirascope.core.base.message_param import BaseMessageParam, Part
from mirascope.core.base.messages import Messages
from mirascope.errors import TemplateError

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
PromptT = TypeVar("PromptT", bound="BasePrompt")

Message: TypeAlias = BaseMessageParam | Mapping[str, object] | BaseModel
"""A message of ours, or one in the provider's own form."""

PromptResult: TypeAlias = (
    str
    | BaseMessageParam
    | Sequence[str | Part]
    | Sequence[BaseMessageParam]
    | Sequence[Mapping[str, object]]
    | Mapping[str, object]
    | None
)
"""What a prompt function may return; a mapping is a `DynamicConfig` or a provider's message."""

_ROLE = re.compile(r"^[ \t]*(SYSTEM|USER|ASSISTANT|MESSAGES):", re.MULTILINE)
_FROM_DOCSTRING = "MIRASCOPE_DOCSTRING_PROMPT_TEMPLATE"


@dataclass(frozen=True)
class Prompt:
    """What one run of a prompt function asks for."""

    messages: list[Message]
    variables: dict[str, object]
    config: DynamicConfig


class PromptFunction:
    """A function that makes prompts, by a template, by what it returns, or both.

    Args:
        fn: The function, with or without a template.
    """

    def __init__(self, fn: Callable[..., object]) -> None:
        self.fn: Callable[..., object] = getattr(fn, "_original_fn", fn)
        self.template_text: str | None = getattr(fn, "_prompt_template", None)
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(self.fn))
        self.name: str = getattr(self.fn, "__name__", type(self.fn).__name__)

    @cached_property
    def _signature(self) -> inspect.Signature:
        return inspect.signature(self.fn)

    @cached_property
    def _template(self) -> Template | None:
        text = self.template_text
        if text is None and os.environ.get(_FROM_DOCSTRING) == "ENABLED":
            text = self.fn.__doc__
        return None if text is None else Template(text)

    def variables(
        self, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> dict[str, object]:
        """Return the arguments of a call by name, defaults included."""
        bound = self._signature.bind_partial(*args, **kwargs)
        bound.apply_defaults()
        values = dict(bound.arguments)
        for name, parameter in self._signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                values |= values.pop(name, {})
        return values

    def prompt(self, result: object, variables: dict[str, object]) -> Prompt:
        """Return the prompt that the function's result stands for.

        Raises:
            TemplateError: The template names a variable that is not there.
            ValueError: There is no template and nothing was returned.
        """
        config: DynamicConfig = {}
        if _is_config(result):
            config, result = result, None
        variables = {**variables, **config.get("computed_fields", {})}
        if "messages" in config:
            return Prompt(list(config["messages"]), variables, config)
        if result is not None:
            return Prompt(_messages(result), variables, config)
        if self._template is None:
            raise ValueError(
                f"{self.name}() has no prompt: give it a @prompt_template or return messages"
            )
        return Prompt(self._template.messages(variables, self.name), variables, config)


def _is_config(result: object) -> TypeIs[DynamicConfig]:
    """Tell settings for a call from a message in the provider's form, also a dictionary."""
    return isinstance(result, dict) and "role" not in result


def _messages(result: object) -> list[Message]:
    if isinstance(result, str | Part):
        return [Messages.User(result)]
    if isinstance(result, BaseMessageParam | Mapping):
        return [cast("Message", result)]
    items = list(cast("Iterable[Message | str | Part]", result))
    if items and all(isinstance(item, str | Part) for item in items):
        return [Messages.User(cast("list[str | Part]", items))]
    return cast("list[Message]", items)


@dataclass(frozen=True)
class _Section:
    role: str
    text: str


@dataclass(frozen=True)
class _Field:
    name: str
    conversion: str | None
    spec: str


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
        self._sections = _sections(textwrap.dedent(text).strip())

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
            elif (content := fill.text(section.text)).strip():
                messages.append(BaseMessageParam(role=section.role.lower(), content=content))
        return messages

    def text(self, variables: Mapping[str, object], owner: str = "") -> str:
        """Return the whole template filled, role words included."""
        fill = _Fill(variables, owner)
        if len(self._sections) == 1:
            return fill.text(self._sections[0].text)
        return "\n".join(f"{s.role}: {fill.text(s.text)}" for s in self._sections)


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


class _Fill(string.Formatter):
    """Fills texts with one set of variables."""

    def __init__(self, variables: Mapping[str, object], owner: str) -> None:
        self._variables = variables
        self._owner = owner

    def text(self, text: str) -> str:
        return "".join(
            piece if isinstance(piece, str) else self._filled(piece) for piece in _fields(text)
        )

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
        value = self.convert_field(self._value(field.name), field.conversion)
        if value is None:
            return ""
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


def _listed(field: _Field, value: object) -> str:
    if not isinstance(value, list):
        raise ValueError(  # noqa: TRY004
            f"{{{field.name}:{field.spec}}} needs a list, not {type(value).__name__}"
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


class TemplateDecorator(Protocol):
    """What `prompt_template` returns: gives a function, or a prompt class, its template."""

    @overload
    def __call__(self, prompt: type[PromptT], /) -> type[PromptT]: ...
    @overload
    def __call__(
        self, prompt: Callable[P, PromptResult], /
    ) -> Callable[P, list[BaseMessageParam]]: ...
    @overload
    def __call__(
        self, prompt: Callable[P, Coroutine[object, object, PromptResult]], /
    ) -> Callable[P, Coroutine[object, object, list[BaseMessageParam]]]: ...


def prompt_template(template: str | None = None) -> TemplateDecorator:
    """Make a prompt of a function: its parameters are the template's variables.

    The decorated function returns its messages; a call decorator above it sends them. Without a
    template, the messages are what the function returns.

    Args:
        template: The text of the prompt, in one or more messages.

    Example:
        >>> @prompt_template("Recommend a {genre} book")
        ... def recommend_book(genre: str): ...
        >>> recommend_book("fantasy")
        [BaseMessageParam(role='user', content='Recommend a fantasy book')]
    """

    def decorate(prompt: Callable[..., object]) -> Callable[..., object]:
        if isinstance(prompt, type):
            type.__setattr__(prompt, "_prompt_template", template)
            return prompt
        return _templated(prompt, template)

    return cast("TemplateDecorator", decorate)


def _templated(fn: Callable[..., object], template: str | None) -> Callable[..., object]:
    attributes = {
        "_prompt_template": template,
        "_original_fn": fn,
        "__mirascope_prompt_template__": True,
    }

    @wraps(fn)
    def messages(*args: object, **kwargs: object) -> object:
        variables = prompt.variables(args, kwargs)
        return prompt.prompt(fn(*args, **kwargs), variables).messages

    @wraps(fn)
    async def amessages(*args: object, **kwargs: object) -> object:
        variables = prompt.variables(args, kwargs)
        result = await cast("Coroutine[object, object, object]", fn(*args, **kwargs))
        return prompt.prompt(result, variables).messages

    decorated = amessages if inspect.iscoroutinefunction(fn) else messages
    vars(decorated).update(attributes)
    prompt = PromptFunction(decorated)
    return decorated


class BasePrompt(BaseModel):
    """A prompt as a class: its fields and properties are the template's variables.

    Example:
        >>> @prompt_template("Recommend a {genre} book")
        ... class BookPrompt(BasePrompt):
        ...     genre: str
        >>> print(BookPrompt(genre="fantasy"))
        Recommend a fantasy book
    """

    _prompt_template: ClassVar[str | None] = None

    def message_params(self) -> list[Message]:
        """Return the messages."""
        return self._template().messages(self._variables(), type(self).__name__)

    def dynamic_config(self) -> DynamicConfig | None:
        """Return settings for the call; meant to be overridden."""
        return None

    def dump(self) -> dict[str, object]:
        """Return the template and the fields, for logs of one's own."""
        return {"template": self._prompt_template, "inputs": self.model_dump()}

    def run(
        self,
        call: Callable[[Callable[[], DynamicConfig]], Callable[[], ResultT]],
        *decorators: Callable[[Callable[[], ResultT]], Callable[[], ResultT]],
    ) -> ResultT:
        """Send the prompt with a call decorator such as ``openai.call(model)``.

        Args:
            call: The call decorator.
            decorators: Further decorators, the first nearest to the call.
        """

        def prompt() -> DynamicConfig:
            return self._config()

        return _decorated(call(prompt), decorators)()

    async def run_async(
        self,
        call: Callable[
            [Callable[[], Coroutine[object, object, DynamicConfig]]],
            Callable[[], Coroutine[object, object, ResultT]],
        ],
        *decorators: Callable[
            [Callable[[], Coroutine[object, object, ResultT]]],
            Callable[[], Coroutine[object, object, ResultT]],
        ],
    ) -> ResultT:
        """Send the prompt with a call decorator, async."""

        async def prompt() -> DynamicConfig:
            return self._config()

        return await _decorated(call(prompt), decorators)()

    def __str__(self) -> str:
        return self._template().text(self._variables(), type(self).__name__)

    def _config(self) -> DynamicConfig:
        config: DynamicConfig = {"messages": self.message_params()}
        own = self.dynamic_config()
        if own is not None:
            config.update(own)
        return config

    def _template(self) -> Template:
        if self._prompt_template is None:
            raise ValueError(f"{type(self).__name__} has no @prompt_template")
        return _template_of(self._prompt_template)

    def _variables(self) -> Mapping[str, object]:
        return _Attributes(self)


class _Attributes(Mapping[str, object]):
    """The fields and properties of a prompt by name, and itself as ``self``."""

    def __init__(self, prompt: BasePrompt) -> None:
        self._prompt = prompt

    @override
    def __getitem__(self, name: str) -> object:
        return self._prompt if name == "self" else getattr(self._prompt, name)

    @override
    def __contains__(self, name: object) -> bool:
        return name == "self" or (isinstance(name, str) and hasattr(self._prompt, name))

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(type(self._prompt).model_fields)

    @override
    def __len__(self) -> int:
        return len(type(self._prompt).model_fields)


_template_of = cache(Template)


FnT = TypeVar("FnT")


def _decorated(fn: FnT, decorators: Iterable[Callable[[FnT], FnT]]) -> FnT:
    for decorator in decorators:
        fn = decorator(fn)
    return fn
