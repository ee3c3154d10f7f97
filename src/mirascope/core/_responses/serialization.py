"""Serialization of chunks and responses: dictionaries, JSON, fields of a user's model."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, core_schema

from mirascope.core._errors.redaction import redact_settings
from mirascope.core._tools.tool import BaseTool, name_of
from mirascope.core._wire.sdk_models import to_builtins

_DUMP: Final = TypeAdapter(dict[str, Any], config=ConfigDict(ser_json_bytes="base64"))
DUMPED: Final = (
    *("content", "reasoning", "finish_reasons", "common_finish_reasons", "model", "id", "usage"),
    *("input_tokens", "cached_tokens", "output_tokens", "common_usage", "cost_metadata"),
)
"""The attributes that dumps of chunks and of responses have in common."""

CONFIGURATION: Final = frozenset({"call_kwargs", "call_params", "dynamic_config", "fn_args"})
"""The attributes that may hold a client, an API key or headers."""


class Serializable:
    """Has the dump and copy methods of a pydantic model."""

    __slots__ = ()

    _dumped: ClassVar[tuple[str, ...]]
    """The names of the attributes in a dump."""
    _extra_dumped: ClassVar[tuple[str, ...]] = ()
    """The names of the attributes that only one provider's class has."""
    _dumped_in_place: ClassVar[Mapping[str, str]] = {}
    """The attributes whose values are dumped in place of others', by the others' names."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, __: GetCoreSchemaHandler) -> CoreSchema:
        """Support fields of this type: the instance is kept, and dumped by `model_dump`."""
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
        """Return the attributes as a dictionary, with the SDK's objects as dictionaries.

        Clients, API keys and headers of the call are left out.

        Args:
            mode: ``"json"`` for JSON values only. Then a tool class becomes its name, and any other
                object the name of its class.
            include: The names to include. Default: all.
            exclude: The names to leave out.
            exclude_none: Whether to leave out values that are ``None``.
        """
        available = (*self._dumped, *self._extra_dumped)
        wanted = set(available if include is None else include) - set(exclude or ())
        names = [name for name in available if name in wanted]
        values = {name: getattr(self, self._dumped_in_place.get(name, name)) for name in names}
        settings = {name: values[name] for name in CONFIGURATION & values.keys()}
        values |= redact_settings(_DUMP.dump_python(settings, exclude_unset=True, warnings=False))
        dumped = _DUMP.dump_python(
            {name: to_builtins(value, exclude_none=exclude_none) for name, value in values.items()},
            exclude_none=exclude_none,
            warnings=False,
        )
        if mode == "json":  # a second step, because some models encode bytes in their own way
            dumped = _DUMP.dump_python(to_builtins(dumped), mode="json", fallback=_name_in_json)
        return {k: v for k, v in dumped.items() if not (exclude_none and v is None)}

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:
        """Return a copy, without the clients, API keys and headers of the call.

        Args:
            update: New values of attributes, by name.
            deep: Whether to copy the values of the attributes too.
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
        """Return the attributes as JSON; see `model_dump`."""
        dumped = self.model_dump(
            mode="json", include=include, exclude=exclude, exclude_none=exclude_none
        )
        return json.dumps(dumped, indent=indent, ensure_ascii=False)


def _name_in_json(value: object) -> object:
    """Return a tool class as a declared function, and any other object as its class's name."""
    if isinstance(value, type) and issubclass(value, BaseTool):
        return {"type": "function", "name": name_of(value)}
    return value.__name__ if isinstance(value, type) else type(value).__name__
