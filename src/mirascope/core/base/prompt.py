"""Prompts: functions and classes that make messages; how templates are read, `_template` tells."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, wraps
from typing import ClassVar, Protocol, TypeAlias, cast, overload

from pydantic import BaseModel
from typing_extensions import ParamSpec, TypeIs, TypeVar, override

from mirascope.core.base._media import Media, Piece
from mirascope.core.base._template import Template
from mirascope.core.base.dynamic_config import DynamicConfig
from mirascope.core.base.message_param import BaseMessageParam, Message, Part
from mirascope.core.base.messages import Messages
from mirascope.core.base.metadata import Metadata, metadata

__all__ = [
    "BasePrompt",
    "Message",
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
PromptT = TypeVar("PromptT", bound="BasePrompt")

PromptResult: TypeAlias = (
    Piece
    | BaseMessageParam
    | Sequence[Piece]
    | Sequence[BaseMessageParam]
    | Sequence[Mapping[str, object]]
    | Mapping[str, object]
    | None
)
"""What a prompt function may return; a mapping is a `DynamicConfig` or a provider's message."""

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

    def __getstate__(self) -> dict[str, object]:
        """Return what is pickled: all but what is made on first use."""
        made = {"_signature", "_template"}
        return {name: value for name, value in vars(self).items() if name not in made}

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


def prompt_template(template: str | None = None) -> TemplateDecorator:
    """Make a prompt of a function: its parameters are the template's variables.

    The decorated function returns its messages; a call decorator above it sends them. Without a
    template, the messages are what the function returns. ``{photo:image}``, ``{sounds:audios}`` and
    the like put parts into a message that are no text; their values are bytes, paths or URLs.

    A value that is a text is read as a file of this machine if it is a path or a ``file:`` URL.
    Where it may come from someone else, forbid that: with the option ``local_files`` of a call, or
    for the whole process by the environment variable ``MIRASCOPE_LOCAL_FILES``, set to anything but
    ``ENABLED``. A `pathlib.Path` is always read.

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
