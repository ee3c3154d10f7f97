"""An encoded call: what is requested, and what observers read of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, cast

from pydantic import ValidationError

from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._calls.provider import Arguments, CallResponseT, Provider, RawT, StreamT
from mirascope.core._observers.observation import AnyResponse
from mirascope.core._prompts.message_param import BaseMessageParam, Message
from mirascope.core._responses.response_model import ResponseModel
from mirascope.core._tools.tool import BaseTool
from mirascope.errors import StreamError


@dataclass(kw_only=True, repr=False)
class EncodedCall(Generic[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]):
    """One call, before it is sent; see `mirascope.core._observers.observation.Call`.

    Attributes:
        provider: The provider.
        model: The name of the model.
        prompt_messages: The messages of the prompt, before they are encoded.
        params: The call parameters.
        requests_json: Whether the response is to be JSON.
        arguments: The arguments of the request.
        streaming: Whether the result is a stream.
        response_model: The response model, if there is one.
        from_call: The response model's fields that the call's arguments provide.
        call_arguments: The fields of `CallArguments` for the response or the stream.
    """

    provider: Provider[ClientT, AsyncClientT, RawT, CallResponseT, StreamT]
    model: str
    prompt_messages: Sequence[Message]
    params: Mapping[str, object]
    requests_json: bool
    arguments: Arguments
    streaming: bool
    response_model: ResponseModel[Any] | None
    from_call: Mapping[str, object]
    call_arguments: dict[str, Any]

    @property
    def provider_name(self) -> str:
        """The provider's name."""
        return self.provider.name

    @property
    def tools(self) -> Sequence[type[BaseTool]]:
        """The tools that the model may call."""
        return cast("Sequence[type[BaseTool]]", self.call_arguments["tool_types"] or ())

    def prompt(self) -> tuple[Sequence[str], Sequence[BaseMessageParam]]:
        """Return the system instructions that are sent apart from the messages, and the messages.

        Instructions may be messages of the prompt or a call parameter.
        """
        message_format = self.provider.response_type.message_format
        messages = [
            message_format.common(message, self.provider.name) for message in self.prompt_messages
        ]
        config = self.arguments.get("config")
        apart = _texts([self.arguments.get("system"), getattr(config, "system_instruction", None)])
        if not any(map(_is_system, cast("list[object]", self.arguments["messages"]))):
            instructions = [message for message in messages if _is_system(message)]
            apart = apart or _texts([message.content for message in instructions])
            messages = [message for message in messages if message not in instructions]
        return apart, messages

    def validation_error(self, response: Callable[[], AnyResponse]) -> Exception | None:
        """Return why a streamed response does not fit the response model; ``None`` if it does."""
        if self.response_model is None:
            return None
        try:
            self.response_model.parse(response(), self.from_call)
        except (ValidationError, StreamError) as error:
            return error
        return None


def _is_system(message: object) -> bool:
    fields = cast(
        "Mapping[str, object]", message if isinstance(message, Mapping) else vars(message)
    )
    return fields.get("role") in {"system", "developer"}


def _texts(value: object) -> list[str]:
    """Return the texts of instructions: text, objects with text or parts, or lists of those."""
    if isinstance(value, list | tuple):
        return [text for each in cast("Sequence[object]", value) for text in _texts(each)]
    if value is None or isinstance(value, str):
        return [value] if value else []
    fields = cast("Mapping[str, object]", value if isinstance(value, Mapping) else vars(value))
    return _texts(fields.get("text") or fields.get("parts"))
