"""From options to a function that sends a history to a model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

from mirascope._cli.models import LOCAL
from mirascope._cli.options import Options
from mirascope._cli.terminal import UserError, report
from mirascope.core import BaseMessageParam
from mirascope.core._calls.registry import Registration, find
from mirascope.core._errors.redaction import can_be_sent
from mirascope.core.base import BaseStream, BaseStructuredStream
from mirascope.errors import MirascopeError
from mirascope.llm._providers import call_factory

Plain: TypeAlias = BaseStream[Any, Any, Any, Any]
Structured: TypeAlias = BaseStructuredStream[Any]
Respond: TypeAlias = Callable[[list[BaseMessageParam]], Plain | Structured]


def make_call(
    provider: str,
    model: str,
    options: Options,
    tools: Sequence[Callable[..., Any]],
    response_model: Any = None,
) -> Respond:
    """Return a function that sends a history to a model, and returns the stream of its response.

    Raises:
        UserError: The key in the environment cannot be sent, or a tool is unusable.
        MirascopeError: The provider cannot be loaded.
    """
    client: object = None
    registration = find(provider) or Registration("")
    if not can_be_sent(registration.api_key):
        raise UserError(
            f"{' or '.join(registration.api_keys)} contains a line break or another character that"
            " an API key cannot have"
        )
    if provider == LOCAL:
        from mirascope import local  # noqa: PLC0415  # loads a model

        provider, client = "openai", local.client(model)
    limits = {
        registration.max_tokens: options["max_tokens"],
        "temperature": options["temperature"],
    }
    more = {"tools": [*tools]} if tools else {}
    if response_model is not None:
        more["response_model"] = response_model

    def pass_on(history: list[BaseMessageParam]) -> list[BaseMessageParam]:
        return history

    try:
        call = call_factory(provider)(
            model,
            stream=True,
            client=client,
            call_params={name: value for name, value in limits.items() if value is not None},
            timeout=options["timeout"],
            **more,
        )(pass_on)
    except (TypeError, ValueError) as error:  # of a tool
        raise UserError(str(error)) from error

    def respond(history: list[BaseMessageParam]) -> Plain | Structured:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            try:
                return cast("Plain | Structured", call(history))
            except MirascopeError:
                raise
            except (TypeError, ValueError) as error:  # such as of a file that the provider refuses
                raise UserError(str(error)) from error
            finally:
                for warning in caught:
                    report(str(warning.message))

    return respond
