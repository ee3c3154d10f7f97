"""The APIs by the names of their providers, named servers included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from typing_extensions import override

from mirascope.core._calls.servers import SERVERS
from mirascope.testing._formats import (
    anthropic,
    azure,
    azure_responses,
    bedrock,
    cohere,
    gemini,
    groq,
    mistral,
    openai,
    openai_responses,
    vertex,
)
from mirascope.testing._formats.named_server import NamedServer
from mirascope.testing._formats.wire_format import WireFormat

_OWN: Final[Mapping[str, WireFormat]] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        openai,
        openai_responses,
        anthropic,
        gemini,
        cohere,
        groq,
        mistral,
        azure,
        azure_responses,
        bedrock,
        vertex,
    )
}
_of_server = cache(NamedServer)


class _Formats(Mapping[str, WireFormat]):
    """Also has the servers that are registered later."""

    @override
    def __getitem__(self, name: str) -> WireFormat:
        return _OWN[name] if name in _OWN else _of_server(SERVERS[name])

    @override
    def __iter__(self) -> Iterator[str]:
        return iter([*_OWN, *SERVERS])

    @override
    def __len__(self) -> int:
        return len(_OWN) + len(SERVERS)


FORMATS: Final = _Formats()
"""The APIs, by the names of their providers."""
