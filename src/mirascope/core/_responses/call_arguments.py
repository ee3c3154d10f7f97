"""What was asked of the model: the same on a response and on a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Generic, cast

from typing_extensions import TypeVar

from mirascope.core._errors.sdk_errors import SDKErrors
from mirascope.core._prompts.dynamic_config import DynamicConfig
from mirascope.core._prompts.message_param import BaseMessageParam, Message
from mirascope.core._prompts.metadata import Metadata
from mirascope.core._prompts.native_messages import MessageFormat
from mirascope.core._tools.tool import BaseTool

MessageT = TypeVar("MessageT", default=object, covariant=True)  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'


@dataclass(kw_only=True, repr=False, eq=False)
class CallArguments(Generic[MessageT]):
    """What was asked.

    Attributes:
        metadata: The data attached to the call.
        tool_types: The tools that the model may ask for.
        prompt_template: The template, if there was one.
        fn_args: The prompt function's arguments by name, and computed fields.
        dynamic_config: What the prompt function returned to configure this call.
        messages: The messages in the provider's form.
        call_params: The decorator's call parameters.
        call_kwargs: All that was passed to the SDK.
        structured: Whether a response model is read from the answer.
        provider: The provider's name, such as ``"openai"``; by default that of the SDK.
    """

    message_format: ClassVar[MessageFormat]
    _sdk_errors: ClassVar[SDKErrors]
    _of_v1: ClassVar[tuple[int, ...]] = ()
    """Where each type parameter stands among those, more in number, that v1's class had."""

    @classmethod
    def describe(cls, sdk_errors: SDKErrors) -> None:
        """Set the errors of a provider whose description has this class, unless it has them."""
        if not hasattr(cls, "_sdk_errors"):
            cls._sdk_errors = sdk_errors

    def __class_getitem__(cls, parameters: Any) -> Any:
        """Take type parameters as v1 had them, too."""
        places = cls._of_v1
        if places and isinstance(parameters, tuple):
            several = cast("tuple[object, ...]", parameters)
            if len(several) > len(places):
                parameters = tuple(several[place] for place in places)
        return cast("Any", super()).__class_getitem__(parameters)

    metadata: Metadata = field(default_factory=Metadata)
    tool_types: list[type[BaseTool]] | None = None
    prompt_template: str | None = None
    fn_args: dict[str, object] = field(default_factory=dict[str, object])
    dynamic_config: DynamicConfig | None = None
    messages: list[MessageT] = field(default_factory=list[MessageT])
    call_params: Mapping[str, object] = field(default_factory=dict[str, object])
    call_kwargs: Mapping[str, object] = field(default_factory=dict[str, object])
    user_message_param: MessageT | None = None
    structured: bool = False
    provider: str = ""

    def __post_init__(self) -> None:
        self.provider = self.provider or self._sdk_errors.provider
        if self.user_message_param is None and self.messages:
            last = self.messages[-1]
            said = cast("Mapping[str, object]", last if isinstance(last, Mapping) else vars(last))
            if said.get("role") == "user":
                self.user_message_param = last

    @property
    def _errors(self) -> SDKErrors:
        return self._sdk_errors.of(self.provider)

    def _common_message(self, message: object) -> BaseMessageParam:
        return self.message_format.common(cast("Message", message), self.provider)

    @property
    def common_messages(self) -> list[BaseMessageParam]:
        """The messages of the prompt, in the form that is the same for every provider."""
        return [self._common_message(message) for message in self.messages]

    @property
    def common_user_message_param(self) -> BaseMessageParam | None:
        """The prompt's last message in that form, if it is the user's."""
        asked = self.user_message_param
        return None if asked is None else self._common_message(asked)

    def _call_arguments(self) -> dict[str, Any]:
        """Return the fields, to make a response of a stream."""
        return {each.name: getattr(self, each.name) for each in fields(CallArguments)}
