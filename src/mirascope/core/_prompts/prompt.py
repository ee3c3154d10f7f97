"""Prompts: functions and classes that make messages; how templates are read, `_template` tells."""

from __future__ import annotations

import inspect
import os
import textwrap
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, wraps
from types import MethodType
from typing import ClassVar, Final, Protocol, TypeAlias, cast, overload

from pydantic import BaseModel
from typing_extensions import ParamSpec, TypeIs, TypeVar, override

from mirascope.core._prompts.dynamic_config import DynamicConfig
from mirascope.core._prompts.media import Media, Piece
from mirascope.core._prompts.message_param import BaseMessageParam, Message, Part
from mirascope.core._prompts.messages import Messages
from mirascope.core._prompts.metadata import Metadata, metadata
from mirascope.core._prompts.template import Template

__all__ = [
    "BasePrompt",
    "Message",
    "MessagesDecorator",
    "Metadata",
    "Prompt",
    "PromptFunction",
    "PromptResult",
    "Template",
    "TemplateDecorator",
    "metadata",
    "prompt_template",
]

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
FnT = TypeVar("FnT", bound=Callable[..., object])
PromptT = TypeVar("PromptT", bound="BasePrompt")
ConfigT = TypeVar("ConfigT", bound=Mapping[str, object] | None)

MessagesResult: TypeAlias = Piece | BaseMessageParam | Sequence[Piece] | Sequence[Message]
"""What a prompt function may return to make its messages."""

PromptResult: TypeAlias = MessagesResult | Mapping[str, object] | None
"""What a prompt function may return; a mapping is a `DynamicConfig` or a provider's message."""

SUPPORTED_MESSAGE_ROLES: Final = ["system", "user", "assistant"]
"""The roles that a template can have."""

_template_of = cache(Template)
_FROM_DOCSTRING = "MIRASCOPE_DOCSTRING_PROMPT_TEMPLATE"


@dataclass(frozen=True)
class Prompt:
    """What one run of a prompt function asks for.

    Attributes:
        messages: The messages.
        variables: The function's arguments by name, and computed fields.
        config: What the function returned; messages and texts count as its ``messages``.
        template: The template, if the function has one.
    """

    messages: list[Message]
    variables: dict[str, object]
    config: DynamicConfig
    template: str | None


class PromptFunction:
    """A function that makes prompts, by a template, by what it returns, or both.

    Args:
        fn: The function, with or without a template; a method may be bound.
    """

    def __init__(self, fn: Callable[..., object]) -> None:
        self.fn = _original(fn)
        self._owner = {"self": fn.__self__} if isinstance(fn, MethodType) else {}
        self._text: str | None = getattr(fn, "_prompt_template", None)
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(self.fn))
        self.name: str = getattr(self.fn, "__name__", type(self.fn).__name__)

    def __getstate__(self) -> dict[str, object]:
        """Return what is pickled: all but what is made on first use."""
        made = {"_signature", "_template"}
        return {name: value for name, value in vars(self).items() if name not in made}

    @cached_property
    def _signature(self) -> inspect.Signature:
        return inspect.signature(self.fn)

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
        if result is not None:
            config = {"messages": _messages(result)}
        if "messages" in config:
            return Prompt(list(config["messages"]), variables, config, self._text)
        text = self._text or _docstring_of(self.fn)
        if text is None:
            raise ValueError(
                f"{self.name}() has no prompt: give it a @prompt_template or return messages"
            )
        messages = _template_of(text).messages({**self._owner, **variables}, self.name)
        return Prompt(messages, variables, config, text)

    def result(self, result: object, variables: dict[str, object]) -> object:
        """Return what calling a prompt function by itself gives: its messages.

        Settings for a call stay what they are, unless there is a template to fill.
        """
        if self._text is None and _is_config(result):
            return result
        return self.prompt(result, variables).messages


def _original(fn: Callable[..., object]) -> Callable[..., object]:
    """Return the function below `prompt_template`, bound as the one above it is."""
    original: Callable[..., object] = getattr(fn, "_original_fn", fn)
    if original is fn or not isinstance(fn, MethodType):
        return original
    return MethodType(original, fn.__self__)


def _docstring_of(described: Callable[..., object] | type) -> str | None:
    """Return a docstring if docstrings are templates, which the environment decides."""
    enabled = os.environ.get(_FROM_DOCSTRING) == "ENABLED"
    return _dedented(described.__doc__) if enabled and described.__doc__ else None


def _dedented(text: str) -> str:
    return textwrap.dedent(text).strip()


def _is_config(result: object) -> TypeIs[DynamicConfig]:
    """Tell settings for a call from a message in the provider's form, also a dictionary."""
    return isinstance(result, dict) and "role" not in result


def _messages(result: object) -> list[Message]:
    if isinstance(result, str | Part | Media):
        return [Messages.User(result)]
    if isinstance(result, BaseMessageParam | Mapping):
        return [cast("Message", result)]
    items = list(cast("Iterable[Message | Piece]", result))
    if items and all(isinstance(item, str | Part | Media) for item in items):
        return [Messages.User(cast("list[Piece]", items))]
    return cast("list[Message]", items)


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


class MessagesDecorator(Protocol):
    """What `prompt_template` without a template returns: settings for a call stay what they are."""

    @overload
    def __call__(
        self, prompt: Callable[P, MessagesResult], /
    ) -> Callable[P, list[BaseMessageParam]]: ...
    @overload
    def __call__(
        self, prompt: Callable[P, Coroutine[object, object, MessagesResult]], /
    ) -> Callable[P, Coroutine[object, object, list[BaseMessageParam]]]: ...
    @overload
    def __call__(self, prompt: Callable[P, ConfigT], /) -> Callable[P, ConfigT]: ...
    @overload
    def __call__(
        self, prompt: Callable[P, Coroutine[object, object, ConfigT]], /
    ) -> Callable[P, Coroutine[object, object, ConfigT]]: ...
    @overload
    def __call__(self, prompt: Callable[P, PromptResult], /) -> Callable[P, PromptResult]: ...
    @overload
    def __call__(
        self, prompt: Callable[P, Coroutine[object, object, PromptResult]], /
    ) -> Callable[P, Coroutine[object, object, PromptResult]]: ...


@overload
def prompt_template(template: str) -> TemplateDecorator: ...
@overload
def prompt_template(template: None = None) -> MessagesDecorator: ...
def prompt_template(template: str | None = None) -> TemplateDecorator | MessagesDecorator:
    """Make a prompt of a function: its parameters are the template's variables.

    The decorated function returns its messages; a call decorator above it sends them. Without a
    template, the messages are what the function returns. ``{photo:image}``, ``{sounds:audios}`` and
    the like put parts into a message that are no text; their values are bytes, paths or URLs.
    Settings for a call that a function without a template returns stay what they are.

    A value that is a text is read as a file of this machine if it is a path or a ``file:`` URL.
    Where it may come from someone else, forbid that: with the option ``local_files`` of a call, or
    for the whole process by the environment variable ``MIRASCOPE_LOCAL_FILES``, set to anything but
    ``ENABLED``. A `pathlib.Path` is always read.

    Args:
        template: The text of the prompt, in one or more messages; indentation that all its lines
            share is dropped.

    Example:
        >>> @prompt_template("Recommend a {genre} book")
        ... def recommend_book(genre: str): ...
        >>> recommend_book("fantasy")
        [BaseMessageParam(role='user', content='Recommend a fantasy book')]
    """
    text = None if template is None else _dedented(template)

    def decorate(prompt: Callable[..., object]) -> Callable[..., object]:
        if isinstance(prompt, type):
            type.__setattr__(prompt, "_prompt_template", text)
            return prompt
        return _templated(prompt, text)

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
        return prompt.result(fn(*args, **kwargs), variables)

    @wraps(fn)
    async def amessages(*args: object, **kwargs: object) -> object:
        variables = prompt.variables(args, kwargs)
        result = await cast("Coroutine[object, object, object]", fn(*args, **kwargs))
        return prompt.result(result, variables)

    decorated = amessages if inspect.iscoroutinefunction(fn) else messages
    vars(decorated).update(attributes)
    prompt = PromptFunction(decorated)
    return decorated


class BasePrompt(BaseModel):
    """A prompt as a class: its fields and properties are the template's variables.

    The template is given by `prompt_template`, the decorator or the class variable.

    Example:
        >>> @prompt_template("Recommend a {genre} book")
        ... class BookPrompt(BasePrompt):
        ...     genre: str
        >>> print(BookPrompt(genre="fantasy"))
        Recommend a fantasy book
    """

    prompt_template: ClassVar[str]
    _prompt_template: ClassVar[str | None] = None
    _metadata: ClassVar[Metadata] = Metadata()

    def message_params(self) -> list[Message]:
        """Return the messages."""
        return _template_of(self._text()).messages(_Attributes(self), type(self).__name__)

    def dynamic_config(self) -> DynamicConfig | None:
        """Return settings for the call; meant to be overridden."""
        return None

    def dump(self) -> dict[str, object]:
        """Return the metadata, the prompt's text, the template and the fields, for logs."""
        return {
            "metadata": self._metadata,
            "prompt": str(self),
            "template": self._text(),
            "inputs": self.model_dump(),
        }

    def run(
        self,
        call: Callable[[Callable[..., DynamicConfig]], Callable[..., ResultT]],
        *decorators: Callable[[Callable[..., ResultT]], Callable[..., ResultT]],
    ) -> ResultT:
        """Send the prompt with a call decorator such as ``openai.call(model)``.

        The answer has the prompt's metadata, its template and, as arguments, its fields.

        Args:
            call: The call decorator.
            decorators: Further decorators, the first nearest to the call.
        """

        def prompt(**_: object) -> DynamicConfig:
            return self._config()

        return _decorated(call(self._as_function(prompt)), decorators)(**self._fields())

    async def run_async(
        self,
        call: Callable[
            [Callable[..., Coroutine[object, object, DynamicConfig]]],
            Callable[..., Coroutine[object, object, ResultT]],
        ],
        *decorators: Callable[
            [Callable[..., Coroutine[object, object, ResultT]]],
            Callable[..., Coroutine[object, object, ResultT]],
        ],
    ) -> ResultT:
        """Send the prompt with a call decorator, async; see `run`."""

        async def prompt(**_: object) -> DynamicConfig:
            return self._config()

        return await _decorated(call(self._as_function(prompt)), decorators)(**self._fields())

    def __str__(self) -> str:
        return _template_of(self._text()).text(_Attributes(self), type(self).__name__)

    def _as_function(self, fn: FnT) -> FnT:
        """Give a function the names, the template and the metadata of the prompt."""
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(fn, name, getattr(type(self), name))
        vars(fn).update(_prompt_template=self._text(), _metadata=self._metadata)
        return fn

    def _fields(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in type(self).model_fields}

    def _config(self) -> DynamicConfig:
        config: DynamicConfig = {"messages": self.message_params()}
        own = self.dynamic_config()
        if own is not None:
            config.update(own)
        return config

    def _text(self) -> str:
        """Return the template.

        Raises:
            ValueError: There is none.
        """
        text = getattr(self, "prompt_template", None) or self._prompt_template
        text = _dedented(text) if text else _docstring_of(type(self))
        if text is None:
            raise ValueError(f"{type(self).__name__} has no @prompt_template")
        return text


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


def _decorated(fn: FnT, decorators: Iterable[Callable[[FnT], FnT]]) -> FnT:
    for decorator in decorators:
        fn = decorator(fn)
    return fn
