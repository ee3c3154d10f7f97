"""Prompt functions: what one run of a user's function becomes as messages and settings."""

from __future__ import annotations

import inspect
import os
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from types import MethodType
from typing import Final, TypeAlias, cast

from typing_extensions import TypeIs

from mirascope.core._prompts.coroutines import is_async
from mirascope.core._prompts.dynamic_config import DynamicConfig
from mirascope.core._prompts.media import Media, Piece
from mirascope.core._prompts.message_param import BaseMessageParam, Message, Part
from mirascope.core._prompts.messages import Messages
from mirascope.core._prompts.template import Template

MessagesResult: TypeAlias = Piece | BaseMessageParam | Sequence[Piece] | Sequence[Message]
"""The part of `PromptResult` that becomes messages."""

PromptResult: TypeAlias = MessagesResult | Mapping[str, object] | None
"""The return type of a prompt function; a mapping is a `DynamicConfig` or a native message."""

template_of = cache(Template)
"""Parses a template once."""
_DOCSTRING_TEMPLATES: Final = "MIRASCOPE_DOCSTRING_PROMPT_TEMPLATE"


@dataclass(frozen=True)
class Prompt:
    """The result of one run of a prompt function.

    Attributes:
        messages: The messages.
        variables: The function's arguments by name, and computed fields.
        config: The returned settings; returned messages and texts are its ``messages``.
        template: The template, ``None`` if the function has none.
    """

    messages: list[Message]
    variables: dict[str, object]
    config: DynamicConfig
    template: str | None


class PromptFunction:
    """A user's function that makes prompts, by a template, by its return value, or both.

    Args:
        fn: The function, with or without a template, or a bound method.
    """

    def __init__(self, fn: Callable[..., object]) -> None:
        self.fn = _original(fn)
        self._owner = {"self": fn.__self__} if isinstance(fn, MethodType) else {}
        self._text: str | None = getattr(fn, "_prompt_template", None)
        self.is_async = is_async(self.fn)
        self.name: str = getattr(self.fn, "__name__", type(self.fn).__name__)

    def __getstate__(self) -> dict[str, object]:
        """Return the state without the cached signature."""
        return {name: value for name, value in vars(self).items() if name != "_signature"}

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
        """Return the prompt for the function's return value.

        Raises:
            TemplateError: A variable of the template is missing.
            ValueError: There is neither a template nor a return value.
        """
        config: DynamicConfig = {}
        if _is_config(result):
            config, result = result, None
        variables = {**variables, **config.get("computed_fields", {})}
        if result is not None:
            config = {"messages": _messages(result)}
        if "messages" in config:
            return Prompt(list(config["messages"]), variables, config, self._text)
        text = self._text or docstring_template(self.fn)
        if text is None:
            raise ValueError(
                f"{self.name}() has no prompt: add @prompt_template, or return messages"
            )
        messages = template_of(text).messages({**self._owner, **variables}, self.name)
        return Prompt(messages, variables, config, text)

    def result(self, result: object, variables: dict[str, object]) -> object:
        """Return the value of a prompt function that is called by itself: its messages.

        Settings for a call are returned as they are, unless there is a template.
        """
        if self._text is None and _is_config(result):
            return result
        return self.prompt(result, variables).messages


def _original(fn: Callable[..., object]) -> Callable[..., object]:
    """Return the function that `prompt_template` wraps, bound to the wrapper's instance."""
    original: Callable[..., object] = getattr(fn, "_original_fn", fn)
    if original is fn or not isinstance(fn, MethodType):
        return original
    return MethodType(original, fn.__self__)


def docstring_template(described: Callable[..., object] | type) -> str | None:
    """Return a docstring as a template, if the environment enables that."""
    enabled = os.environ.get(_DOCSTRING_TEMPLATES) == "ENABLED"
    return dedented(described.__doc__) if enabled and described.__doc__ else None


def dedented(text: str) -> str:
    """Return a text without common indentation and without whitespace at its ends."""
    return textwrap.dedent(text).strip()


def _is_config(result: object) -> TypeIs[DynamicConfig]:
    """Return whether a value is settings for a call; a native message can be a ``dict`` too."""
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
