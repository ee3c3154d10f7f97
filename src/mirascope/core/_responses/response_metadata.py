"""What chunks, responses and streams tell alike, whichever provider it is."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, core_schema

from mirascope.core._errors.redaction import redact_settings
from mirascope.core._tools.tool import BaseTool, name_of
from mirascope.core._types import CostMetadata, FinishReason, Usage
from mirascope.core._wire.events import TokenCounts
from mirascope.core._wire.sdk_models import to_builtins

_DUMP: Final = TypeAdapter(dict[str, Any], config=ConfigDict(ser_json_bytes="base64"))
DUMPED: Final = (
    *("content", "reasoning", "finish_reasons", "common_finish_reasons", "model", "id", "usage"),
    *("input_tokens", "cached_tokens", "output_tokens", "common_usage", "cost_metadata"),
)
"""What is written to a log of chunks and responses alike."""

CONFIGURATION: Final = frozenset({"call_kwargs", "call_params", "dynamic_config", "fn_args"})
"""What may hold a client, a key or headers."""


class ResponseMetadata:
    """What is told of an answer; what was not told is ``None``."""

    __slots__ = ()

    _common: ClassVar[Mapping[str, FinishReason]]
    """The provider's words for why a generation ended, in common words."""

    @property
    def _tokens(self) -> TokenCounts | None:
        raise NotImplementedError

    @property
    def input_tokens(self) -> int | None:
        """Tokens of the prompt, cached ones included."""
        return self._tokens.input if self._tokens else None

    @property
    def output_tokens(self) -> int | None:
        """Tokens generated so far, reasoning included."""
        return self._tokens.output if self._tokens else None

    @property
    def cached_tokens(self) -> int | None:
        """Tokens of the prompt that came from the provider's cache."""
        return self._tokens.cached if self._tokens else None

    @property
    def common_usage(self) -> Usage | None:
        """The tokens of prompt and answer, if both are told."""
        prompt, answer = self.input_tokens, self.output_tokens
        if prompt is None or answer is None:
            return None
        return Usage(
            input_tokens=prompt,
            cached_tokens=self.cached_tokens or 0,
            output_tokens=answer,
            total_tokens=prompt + answer,
        )

    @property
    def cost_metadata(self) -> CostMetadata:
        """What the cost depends on."""
        return CostMetadata(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached_tokens=self.cached_tokens,
        )

    def _in_common(self, reasons: Sequence[str] | None) -> list[FinishReason] | None:
        """Return the provider's reasons in common words.

        One that is none of the four is left out: what failed is not told as what ended well.
        """
        return [self._common[reason] for reason in reasons or () if reason in self._common] or None


class Serializable:
    """Can be written to a log."""

    __slots__ = ()

    _dumped: ClassVar[tuple[str, ...]]
    """The names of the attributes that are written."""
    _dumped_too: ClassVar[tuple[str, ...]] = ()
    """The names of those that one provider's class alone has."""
    _stand_ins: ClassVar[Mapping[str, str]] = {}
    """The names of the attributes that are written instead of some of them."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, __: GetCoreSchemaHandler) -> CoreSchema:
        """Let this be a field of a user's model, where it stays as it is and is dumped as here."""
        dump = core_schema.plain_serializer_function_ser_schema(
            lambda value, info: value.model_dump(mode=info.mode), info_arg=True
        )
        return core_schema.is_instance_schema(cls, serialization=dump)

    def model_dump(
        self,
        *,
        mode: Literal["python", "json"] = "python",
        include: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """Return this as a dictionary, with the SDK's objects as dictionaries too.

        Clients, keys and headers that a call was configured with are left out.

        Args:
            mode: ``"json"`` for nothing but what JSON has; tools are told by their name, other
                objects by their class.
            include: The names to tell; by default all.
            exclude: The names to leave out.
            exclude_none: Whether to leave out what is ``None``.
        """
        every = (*self._dumped, *self._dumped_too)
        wanted = set(every if include is None else include) - set(exclude or ())
        names = [name for name in every if name in wanted]
        told = {name: getattr(self, self._stand_ins.get(name, name)) for name in names}
        settings = {name: told[name] for name in CONFIGURATION & told.keys()}
        told |= redact_settings(_DUMP.dump_python(settings, exclude_unset=True, warnings=False))
        dumped = _DUMP.dump_python(
            {name: to_builtins(value, exclude_none=exclude_none) for name, value in told.items()},
            exclude_none=exclude_none,
            warnings=False,
        )
        if mode == "json":  # in two steps, as models have ways of their own with bytes
            dumped = _DUMP.dump_python(to_builtins(dumped), mode="json", fallback=_in_json)
        return {k: v for k, v in dumped.items() if not (exclude_none and v is None)}

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:
        """Return a copy, without the clients, keys and headers that the call was made with.

        Args:
            update: The values of attributes that are to be others.
            deep: Whether to copy what it holds too.
        """
        copied = copy.deepcopy(self) if deep else copy.copy(self)
        for name, value in (update or {}).items():
            setattr(copied, name, value)
        return copied

    def model_dump_json(
        self,
        *,
        indent: int | None = None,
        include: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        exclude_none: bool = False,
    ) -> str:
        """Return this as JSON; see `model_dump`."""
        dumped = self.model_dump(
            mode="json", include=include, exclude=exclude, exclude_none=exclude_none
        )
        return json.dumps(dumped, indent=indent, ensure_ascii=False)


def _in_json(value: object) -> object:
    """Return a tool as what it is to the model, and any other object as the name of its class."""
    if isinstance(value, type) and issubclass(value, BaseTool):
        return {"type": "function", "name": name_of(value)}
    return value.__name__ if isinstance(value, type) else type(value).__name__
