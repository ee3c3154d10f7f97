"""Responses that the server generates in the background, and the rest of an interrupted one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from mirascope.core._calls.background import BackgroundAPI
from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._dialects.responses.decoder import ChunkT, ResponsesDecoder
from mirascope.core._dialects.stainless import StainlessAPI
from mirascope.core._engine.source import AsyncSource, Position, Source
from mirascope.core._wire.events import MalformedEventError, ProviderError, Record
from mirascope.core._wire.json_fields import fields, number, objects, text

if TYPE_CHECKING:
    from pydantic import BaseModel

_FOR_ALL: Final = ("extra_headers", "extra_query", "timeout")
"""The arguments of the first request that the others have too."""


class ResponsesBackground(BackgroundAPI[ClientT, AsyncClientT]):
    """The requests for a background response, through an SDK that Stainless generates.

    Args:
        sdk: The SDK's module.
    """

    parameter = 'call_params={"background": True}'

    def __init__(self, sdk: Any) -> None:
        self._api = StainlessAPI[ClientT, AsyncClientT, Any](
            sdk, lambda client: client.responses.retrieve
        )

    @override
    def is_background(self, arguments: Mapping[str, object]) -> bool:
        return arguments.get("background") is True

    @override
    def resume(
        self, client: ClientT, arguments: Mapping[str, object], *, position: Position
    ) -> Source:
        return self._api.open(client, _rest(arguments, position))

    @override
    async def aresume(
        self, client: AsyncClientT, arguments: Mapping[str, object], *, position: Position
    ) -> AsyncSource:
        return await self._api.aopen(client, _rest(arguments, position))

    @override
    def cancel(self, client: Any, arguments: Mapping[str, object], *, response_id: str) -> object:
        return client.responses.cancel(response_id, **_selected(arguments, _FOR_ALL))

    @override
    async def acancel(
        self, client: Any, arguments: Mapping[str, object], *, response_id: str
    ) -> object:
        return await client.responses.cancel(response_id, **_selected(arguments, _FOR_ALL))


def _rest(arguments: Mapping[str, object], position: Position) -> dict[str, object]:
    """Return the arguments of ``responses.retrieve`` for the events after a position."""
    after = {"starting_after": position.sequence} if position.sequence >= 0 else {}
    return {
        **_selected(arguments, (*_FOR_ALL, "include")),
        "response_id": position.id,
        **after,
        "stream": True,
    }


def _selected(arguments: Mapping[str, object], names: tuple[str, ...]) -> dict[str, object]:
    return {name: arguments[name] for name in names if name in arguments}


class BackgroundDecoder(ResponsesDecoder[ChunkT]):
    """Reads a background response, whose rest may follow in another body.

    Events that are sent a second time are ignored. If some are missing, the text is not that of the
    whole response at its end, which is an error.
    """

    _last: int | None = None
    _resumed_after: int = -1

    @override
    def decode(self, record: Record, raw: BaseModel | bytes, out: list[ChunkT]) -> None:
        """Read one event; see `ResponsesDecoder.decode`.

        Raises:
            ProviderError: The event reports a failure.
            MalformedEventError: Events before this one are missing.
        """
        sequence = number(record.get("sequence_number"))
        if sequence is not None:
            if sequence <= self._resumed_after:
                return
            self._last = sequence
        if self._resumed_after >= 0 and (response := fields(record.get("response"))):
            self._check_text(response)
        try:
            super().decode(record, raw, out)
        except ProviderError:
            self._last = None  # the response has ended
            raise

    def interrupt(self) -> Position | None:
        """Return where the rest of the response begins; ``None`` if it has no rest."""
        if self.id is None or self._last is None:
            return None
        self._resumed_after = self._last
        return Position(self.id, self._last)

    def _check_text(self, response: Record) -> None:
        output, received = objects(response.get("output")), self.reply.content
        whole = "".join(
            text(part.get("text"))
            for item in output
            if item.get("type") == "message"
            for part in objects(item.get("content"))
        )
        if whole and received and whole != received:
            raise MalformedEventError("the server did not send all events of the response")
