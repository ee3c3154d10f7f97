"""The arguments of a call, which its response and its stream keep."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """The arguments of a call, which its response and its stream keep.

    Attributes:
        metadata: The metadata of the call; see `metadata`.
        tool_types: The tools that the model may call.
        prompt_template: The template; ``None`` if there is none.
        fn_args: The arguments of the prompt function by name, and computed fields.
        dynamic_config: The settings that the prompt function returned.
        messages: The messages in the provider's format.
        call_params: The call parameters of the decorator.
        call_kwargs: The keyword arguments of the SDK's method.
        user_message_param: The last message, if its role is user.
        structured: Whether a response model is read from the response.
        provider: The provider's name, such as ``"openai"``.
    """

    message_format: ClassVar[MessageFormat]
    _sdk_errors: ClassVar[SDKErrors]
    _v1_positions: ClassVar[tuple[int, ...]] = ()
    """The position of each type parameter among the more numerous ones of v1's class."""

    @classmethod
    def describe(cls, sdk_errors: SDKErrors) -> None:
        """Set the errors of a provider whose description has this class, unless it has them."""
        if not hasattr(cls, "_sdk_errors"):
            cls._sdk_errors = sdk_errors

    def __class_getitem__(cls, parameters: Any) -> Any:
        """Accept v1's type parameters too, and select those that this class has."""
        positions = cls._v1_positions
        if positions and isinstance(parameters, tuple):
            given = cast("tuple[object, ...]", parameters)
            if len(given) > len(positions):
                parameters = tuple(given[position] for position in positions)
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
            fields = cast("Mapping[str, object]", last if isinstance(last, Mapping) else vars(last))
            if fields.get("role") == "user":
                self.user_message_param = last

    @property
    def _errors(self) -> SDKErrors:
        return self._sdk_errors.of(self.provider)

    def _common_message(self, message: object) -> BaseMessageParam:
        return self.message_format.common(cast("Message", message), self.provider)

    @property
    def common_messages(self) -> list[BaseMessageParam]:
        """The messages of the prompt, in the form that is the same for all providers."""
        return [self._common_message(message) for message in self.messages]

    @property
    def common_user_message_param(self) -> BaseMessageParam | None:
        """The last message of `common_messages`, if its role is user; else ``None``."""
        message = self.user_message_param
        return None if message is None else self._common_message(message)

    def _call_arguments(self) -> dict[str, Any]:
        """Return the fields of this class, as arguments of the response of a stream."""
        return {each.name: getattr(self, each.name) for each in dataclasses.fields(CallArguments)}
