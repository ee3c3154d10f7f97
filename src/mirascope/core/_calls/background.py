"""Responses that the server generates in the background, whether or not a client reads them.

A stream of such a response can be taken up again after an interruption, and leaving it does not end
the response: the server has to be requested to cancel it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Generic

from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._engine.source import AsyncSource, Position, Source

if TYPE_CHECKING:
    from mirascope.core._calls.options import CallOptions
    from mirascope.core._calls.provider import Provider

CANCEL_SECONDS: Final = 2.0
"""How long the request that cancels a response may take."""


class BackgroundAPI(ABC, Generic[ClientT, AsyncClientT]):
    """The requests for a response that the server generates in the background.

    Attributes:
        parameter: The call parameter that requests one, for errors.
    """

    parameter: str

    @abstractmethod
    def is_background(self, arguments: Mapping[str, object]) -> bool:
        """Return whether a request is for such a response."""

    @abstractmethod
    def resume(
        self, client: ClientT, arguments: Mapping[str, object], *, position: Position
    ) -> Source:
        """Send a request for the rest of a response.

        Args:
            client: The client.
            arguments: The arguments of the request that began the response.
            position: What was received of the response.
        """

    @abstractmethod
    async def aresume(
        self, client: AsyncClientT, arguments: Mapping[str, object], *, position: Position
    ) -> AsyncSource:
        """Send a request for the rest of a response, async."""

    @abstractmethod
    def cancel(
        self, client: ClientT, arguments: Mapping[str, object], *, response_id: str
    ) -> object:
        """Cancel a response."""

    @abstractmethod
    async def acancel(
        self, client: AsyncClientT, arguments: Mapping[str, object], *, response_id: str
    ) -> object:
        """Cancel a response, async."""


def background_option(options: CallOptions[Any, Any]) -> str | None:
    """Return the option of a call that is for background responses only, if it has one."""
    if options.get("on_interrupt") == "resume":
        return '`on_interrupt="resume"`'
    return "`cancel_on_close`" if options.get("cancel_on_close") else None


def check_provider(
    provider: Provider[Any, Any, Any, Any, Any], options: CallOptions[Any, Any]
) -> None:
    """Check that a provider has background responses, if an option needs them.

    Raises:
        ValueError: It has none.
    """
    if provider.background is None and (option := background_option(options)):
        raise ValueError(
            f"{option} needs responses that the server generates in the background, "
            f"but {provider.name} does not support them: remove the option"
        )


def check_request(
    provider: Provider[Any, Any, Any, Any, Any],
    options: CallOptions[Any, Any],
    arguments: Mapping[str, object],
) -> None:
    """Check that a request is for a background response, if an option needs that.

    Raises:
        ValueError: It is not.
    """
    background = provider.background
    if background is None or background.is_background(arguments):
        return
    if option := background_option(options):
        raise ValueError(
            f"{option} needs a response that the server generates in the background: "
            f"pass `{background.parameter}` too"
        )
