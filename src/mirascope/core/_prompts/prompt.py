"""Prompts as decorated functions and as classes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from functools import wraps
from typing import ClassVar, Final, Protocol, cast, overload

from pydantic import BaseModel
from typing_extensions import ParamSpec, TypeVar, override

from mirascope.core._prompts.dynamic_config import DynamicConfig
from mirascope.core._prompts.message_param import BaseMessageParam, Message
from mirascope.core._prompts.metadata import Metadata
from mirascope.core._prompts.prompt_function import (
    MessagesResult,
    PromptFunction,
    PromptResult,
    dedented,
    docstring_template,
    template_of,
)

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
FnT = TypeVar("FnT", bound=Callable[..., object])
PromptT = TypeVar("PromptT", bound="BasePrompt")
ConfigT = TypeVar("ConfigT", bound=Mapping[str, object] | None)

SUPPORTED_MESSAGE_ROLES: Final = ["system", "user", "assistant"]
"""The roles that a template can have."""


class TemplateDecorator(Protocol):
    """The decorator that `prompt_template` returns: sets the template of a function or class."""

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
    """The decorator that `prompt_template` returns without a template: settings are kept."""

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
    """Make a function or a class a prompt; its parameters are the variables of the template.

    The decorated function returns its messages. A call decorator above it sends them. Without a
    template, the messages are what the function returns. If such a function returns settings of the
    call, they are kept.

    - Lines such as ``SYSTEM:``, ``USER:`` and ``ASSISTANT:`` start messages; ``MESSAGES:
      {history}`` inserts a list of messages. Without such lines, the template is one user message.
    - Fields such as ``{photo:image}`` and ``{clips:audios}`` become parts that are not text. Their
      values are bytes, paths or URLs.

    If the value of such a field is a text that is a path or a ``file:`` URL, the local file is
    read. If users write these values, forbid that: with the option ``local_files=False`` of a call,
    or for the process with the environment variable ``MIRASCOPE_LOCAL_FILES`` (any value other than
    ``ENABLED``). A `pathlib.Path` is always read.

    Args:
        template (str): The text of the prompt. Indentation that all lines share is removed.

    Returns:
        A decorator.

    Raises:
        TemplateError: When the messages are made: the template has a variable that the function
            does not have.

    Example:
        >>> @prompt_template("Recommend a {genre} book")
        ... def recommend_book(genre: str): ...
        >>> recommend_book("fantasy")
        [BaseMessageParam(role='user', content='Recommend a fantasy book')]
    """
    text = None if template is None else dedented(template)

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
    """A prompt as a class: its fields and properties are the variables of the template.

    Set the template with `prompt_template`, as a decorator or as a class variable.

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
        return template_of(self._text()).messages(_Attributes(self), type(self).__name__)

    def dynamic_config(self) -> DynamicConfig | None:
        """Return settings of the call, or ``None``; you can override this method."""
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
        """Send the prompt with a call decorator such as ``openai.call("gpt-4o-mini")``.

        The response has the metadata of the prompt, its template, and its fields as ``fn_args``.

        Args:
            call: The call decorator.
            decorators: Other decorators, from the innermost to the outermost.

        Returns:
            What the decorated function returns.
        """

        def prompt(**_: object) -> DynamicConfig:
            return self._config()

        return _decorate(call(self._as_function(prompt)), decorators)(**self._fields())

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

        return await _decorate(call(self._as_function(prompt)), decorators)(**self._fields())

    def __str__(self) -> str:
        return template_of(self._text()).text(_Attributes(self), type(self).__name__)

    def _as_function(self, fn: FnT) -> FnT:
        """Set the names, the template and the metadata of this prompt on a function."""
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(fn, name, getattr(type(self), name))
        vars(fn).update(_prompt_template=self._text(), _metadata=self._metadata)
        return fn

    def _fields(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in type(self).model_fields}

    def _config(self) -> DynamicConfig:
        config: DynamicConfig = {"messages": self.message_params()}
        override = self.dynamic_config()
        if override is not None:
            config.update(override)
        return config

    def _text(self) -> str:
        """Return the template.

        Raises:
            ValueError: There is none.
        """
        text = getattr(self, "prompt_template", None) or self._prompt_template
        text = dedented(text) if text else docstring_template(type(self))
        if text is None:
            raise ValueError(f"{type(self).__name__} has no prompt: add @prompt_template")
        return text


class _Attributes(Mapping[str, object]):
    """The fields and properties of a prompt by name, and the prompt as ``self``."""

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


def _decorate(fn: FnT, decorators: Iterable[Callable[[FnT], FnT]]) -> FnT:
    for decorator in decorators:
        fn = decorator(fn)
    return fn
