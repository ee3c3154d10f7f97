"""Encodes messages and parameters as arguments of the SDK's ``responses.create``.

Instructions stay where they are among the items: the parameter ``instructions`` is the user's. If
all parameters are common ones, they are renamed, and those that the API does not have are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mirascope.core._calls.call_params import CommonCallParams
from mirascope.core._calls.provider import Arguments
from mirascope.core._dialects.responses.messages import encode_messages
from mirascope.core._dialects.responses.tools import tool_arguments
from mirascope.core._prompts.message_param import Message
from mirascope.core._responses.response_model import ResponseFormat

_COMMON: Final = frozenset(CommonCallParams.__annotations__)
_NAMES: Final = {"max_tokens": "max_output_tokens", "temperature": "temperature", "top_p": "top_p"}


def encode(
    model: str,
    messages: list[Message],
    call_params: Mapping[str, object],
    *,
    streaming: bool,
    tools: Sequence[type[Any]],
    form: ResponseFormat | None,
) -> Arguments:
    """Return the arguments of one request, with the input items as ``messages``."""
    arguments: Arguments = {
        "model": model,
        "messages": encode_messages(messages, "OpenAI Responses"),
        **tool_arguments(tools, form, _rename_common(call_params)),
    }
    if streaming:
        arguments["stream"] = True
    return arguments


def create_method(client: Any) -> Callable[..., Any]:
    """Return the SDK's method that sends a request, with ``messages`` as its ``input``."""
    create: Callable[..., Any] = client.responses.create

    def send(*, messages: object, **arguments: object) -> object:
        return create(input=messages, **arguments)

    return send


def _rename_common(call_params: Mapping[str, object]) -> Mapping[str, object]:
    if not call_params.keys() <= _COMMON:
        return call_params
    known = {name: value for name, value in call_params.items() if name in _NAMES}
    return {_NAMES[name]: value for name, value in known.items() if value is not None}
