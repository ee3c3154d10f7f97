"""What a protocol writes: an `Encoder` has one method for each kind of event."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, cast

import pydantic_core
from pydantic import BaseModel

from mirascope.core import BaseMessageParam
from mirascope.core.base import Usage
from mirascope.core.base.types import FinishReason
from mirascope.web._sources import File, Source


class End(NamedTuple):
    """How a response ended.

    Attributes:
        reason: The normalized finish reason; ``None`` if it is none of them.
        usage: The tokens of all streams of the turn, if reported.
        model: The model of the last response.
        provider: Its provider.
    """

    reason: FinishReason | None = None
    usage: Usage | None = None
    model: str | None = None
    provider: str | None = None


class Encoder(ABC):
    """Writes a protocol's bytes; what a protocol has no form for is nothing.

    Attributes:
        headers: The headers of a response.
        ping: A keep-alive without content.
        reports: Whether the protocol has a form for errors. Where not, the response breaks off.
    """

    headers: ClassVar[Mapping[str, str]]
    ping: ClassVar[bytes] = b": ping\n\n"
    reports: ClassVar[bool] = True

    def identify(self, seed: str) -> None:
        """Use the same ids each time that a response is written again.

        Args:
            seed: What the response is recorded as.
        """
        del seed

    def numbered(self, events: bytes, offset: str | None) -> bytes:
        """Return the bytes of one recorded event with its offset, by which a browser resumes.

        Args:
            events: The bytes.
            offset: The offset; ``None`` for what is not recorded.
        """
        del offset
        return events

    def start(self) -> bytes:
        """Begin the response."""
        return b""

    def begin_step(self) -> bytes:
        """Begin the events of one stream."""
        return b""

    def end_step(self) -> bytes:
        """End the events of one stream and of the outputs of its tools."""
        return b""

    def begin_text(self) -> bytes:
        """Begin a text."""
        return b""

    @abstractmethod
    def text(self, delta: str) -> bytes:
        """Write a delta of a text."""

    def end_text(self) -> bytes:
        """End a text."""
        return b""

    def begin_reasoning(self) -> bytes:
        """Begin reasoning."""
        return b""

    def reasoning(self, delta: str) -> bytes:
        """Write a delta of reasoning."""
        del delta
        return b""

    def end_reasoning(self) -> bytes:
        """End reasoning."""
        return b""

    def begin_tool(self, call_id: str, name: str) -> bytes:
        """Begin a tool call."""
        del call_id, name
        return b""

    def tool_delta(self, call_id: str, name: str, delta: str) -> bytes:
        """Write a delta of the arguments of a tool call."""
        del call_id, name, delta
        return b""

    def tool(self, call_id: str, name: str, arguments: object) -> bytes:
        """Write a complete tool call."""
        del call_id, name, arguments
        return b""

    def tool_failed(self, call_id: str, name: str, arguments: str, text: str) -> bytes:
        """Write a tool call whose arguments are unusable."""
        del call_id, name, arguments, text
        return b""

    def output(self, call_id: str, name: str, value: object) -> bytes:
        """Write the output of a tool."""
        del call_id, name, value
        return b""

    def output_failed(self, call_id: str, name: str, text: str) -> bytes:
        """Write that a tool failed."""
        del call_id, name, text
        return b""

    def approval(self, call_id: str, name: str) -> bytes:
        """Request approval of a tool call."""
        del call_id, name
        return b""

    def json_delta(self, delta: str) -> bytes:
        """Write a delta of a structured value's JSON text."""
        del delta
        return b""

    def value(self, value: bytes, *, complete: bool) -> bytes:
        """Write a structured value as JSON, so far or complete."""
        del value, complete
        return b""

    def source(self, source: Source) -> bytes:
        """Write a source of the response."""
        del source
        return b""

    def file(self, file: File) -> bytes:
        """Write a file of the response."""
        del file
        return b""

    def message(self, message: BaseMessageParam) -> bytes:
        """Write the provider's own message, which a later request sends back."""
        del message
        return b""

    def restart(self) -> bytes:
        """Write that the deltas of this stream are invalid."""
        return b""

    @abstractmethod
    def finish(self, end: End) -> bytes:
        """End the response."""

    @abstractmethod
    def abort(self) -> bytes:
        """End the response to a stream that the server's own code closed early."""

    @abstractmethod
    def error(self, text: str) -> bytes:
        """End the response with an error."""


def jsonable(value: object) -> Any:
    """Return a value as what JSON can hold.

    Raises:
        TypeError: JSON cannot hold it.
    """
    try:
        return pydantic_core.to_jsonable_python(
            value, bytes_mode="base64", inf_nan_mode="null", by_alias=True
        )
    except (ValueError, RecursionError) as error:
        raise TypeError(
            f"this {type(value).__name__} cannot be written as JSON: {error}"
        ) from error


def to_json(value: object) -> bytes:
    r"""Return the JSON text of a value; half an emoji becomes an escape.

    >>> to_json("caf\u00e9 \ud83d")
    b'"caf\\u00e9 \\ud83d"'
    """
    try:
        return pydantic_core.to_json(value, bytes_mode="base64", inf_nan_mode="null")
    except ValueError:
        return json.dumps(value, separators=(",", ":")).encode()


def value_json(value: object, *, partial: bool) -> bytes:
    """Return a structured value as JSON; a partial one without the fields that have not begun."""
    return to_json(_begun_fields(value) if partial else jsonable(value))


def _begun_fields(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
    if isinstance(value, list):
        return [_begun_fields(each) for each in cast("list[object]", value)]
    return jsonable(value)
