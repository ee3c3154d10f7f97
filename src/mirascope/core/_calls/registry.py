"""The registry of providers: names, and where their descriptions are.

A built-in provider and one of another package are registered in the same form, ``module:name`` of a
`Provider`, here and as an entry point of the group ``mirascope.providers``. Entry points are looked
up only for names that are not built in. A description, and with it the provider's SDK, is imported
when it is first loaded; this module itself imports next to nothing.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

from mirascope.core._calls.servers import SERVERS, Server
from mirascope.errors import MissingSDKError, ProviderLoadError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

GROUP: Final = "mirascope.providers"
"""The group of entry points that register the providers of other packages."""


class Registration(NamedTuple):
    """A registered provider.

    Attributes:
        target: Where its description is, as ``module:name``.
        api_keys: The environment variables that may hold its API key; none if it needs no key.
        default_model: The model that the command line uses if none is named.
        model_prefixes: Prefixes of its models' names, which select it on the command line.
        max_tokens: Its call parameter for the maximum number of output tokens.
        package: The distribution that registers it, with its version; ``""`` if built in.
    """

    target: str
    api_keys: tuple[str, ...] = ()
    default_model: str = ""
    model_prefixes: tuple[str, ...] = ()
    max_tokens: str = "max_tokens"
    package: str = ""

    @property
    def api_key(self) -> str:
        """The API key in the environment, ``""`` if there is none."""
        return next((key for name in self.api_keys if (key := os.environ.get(name))), "")


_GEMINI: Final = Registration(
    target="mirascope.core.gemini._provider:PROVIDER",
    api_keys=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    default_model="gemini-2.5-flash",
    model_prefixes=("gemini-",),
)


def _of_server(server: Server) -> Registration:
    return Registration(
        target=f"mirascope.core._servers.providers:{server.name}",
        api_keys=server.api_keys if server.needs_key else (),
    )


BUILT_IN: Final = {
    "openai": Registration(
        target="mirascope.core.openai._provider:PROVIDER",
        api_keys=("OPENAI_API_KEY",),
        default_model="gpt-4o-mini",
        model_prefixes=("gpt-", "chatgpt-", "o1", "o3", "o4"),
        max_tokens="max_completion_tokens",
    ),
    "anthropic": Registration(
        target="mirascope.core.anthropic._provider:PROVIDER",
        api_keys=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        default_model="claude-haiku-4-5",
        model_prefixes=("claude-",),
    ),
    "gemini": _GEMINI,
    "google": _GEMINI,
    "cohere": Registration(
        target="mirascope.core.cohere._provider:PROVIDER",
        api_keys=("CO_API_KEY",),
        default_model="command-a-03-2025",
        model_prefixes=("command-",),
    ),
    "groq": Registration(
        target="mirascope.core.groq._provider:PROVIDER",
        api_keys=("GROQ_API_KEY",),
        default_model="llama-3.3-70b-versatile",
    ),
    "mistral": Registration(
        target="mirascope.core.mistral._provider:PROVIDER",
        api_keys=("MISTRAL_API_KEY",),
        default_model="mistral-small-latest",
        model_prefixes=("mistral-", "ministral-", "codestral-", "magistral-"),
    ),
    "openai_responses": Registration(
        target="mirascope.core.openai_responses._provider:PROVIDER",
        api_keys=("OPENAI_API_KEY",),
        default_model="gpt-4o-mini",
        max_tokens="max_output_tokens",
    ),
    "azure": Registration(
        target="mirascope.core.azure._provider:PROVIDER",
        api_keys=("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"),
        max_tokens="max_completion_tokens",
    ),
    "azure_responses": Registration(
        target="mirascope.core.azure_responses._provider:PROVIDER",
        api_keys=("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"),
        max_tokens="max_output_tokens",
    ),
    "bedrock": Registration(
        target="mirascope.core.bedrock._provider:PROVIDER",
        api_keys=("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID"),
        model_prefixes=("amazon.", "us.amazon.", "meta.", "us.meta."),
    ),
    "vertex": Registration(
        target="mirascope.core.vertex._provider:PROVIDER",
        default_model="gemini-2.5-flash",
    ),
    **{server.name: _of_server(server) for server in SERVERS.values()},
}
"""The built-in providers, in the order in which the command line looks for an API key.

Clouds and named servers come last, and have no default model: a variable that is there for another
purpose, such as ``AWS_ACCESS_KEY_ID`` or ``GITHUB_TOKEN``, never decides where a prompt is sent.
"""


def register_server(server: Server) -> None:
    """Register a server that has OpenAI's Chat Completions API, for this process.

    After that you can use ``llm.call("name:model")`` and ``openai.client("name")``.

    Args:
        server: The server. Registering an equal server again has no effect.

    Raises:
        ValueError: Another server or provider has this name.

    Example:
        >>> from mirascope import llm
        >>> llm.register_server(  # doctest: +SKIP
        ...     llm.Server(
        ...         name="my-lab",
        ...         base_url="https://llm.example.com/v1",
        ...         api_keys=("MY_LAB_API_KEY",),
        ...     )
        ... )
        >>> @llm.call("my-lab:our-model", stream=True)  # doctest: +SKIP
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
    """
    known = find(server.name)
    if known is not None and SERVERS.get(server.name) != server:
        raise ValueError(
            f"there is already a provider or server {server.name!r}: choose another name"
        )
    SERVERS[server.name] = server
    BUILT_IN[server.name] = _of_server(server)


def find(name: str) -> Registration | None:
    """Return a provider's registration, ``None`` if there is no such provider."""
    if registration := BUILT_IN.get(name):
        return registration
    return next(map(_registration, _entry_points().select(name=name)), None)


def names() -> list[str]:
    """Return the names of all providers, the built-in ones first."""
    others = {entry_point.name for entry_point in _entry_points()}
    return [*BUILT_IN, *sorted(others - BUILT_IN.keys())]


def load_target(name: str) -> object:
    """Import the object that is registered under a name.

    Raises:
        ValueError: There is no such provider.
        MissingSDKError: The provider's SDK is not installed.
        ProviderLoadError: The entry point that registers it is broken.
    """
    registration = find(name)
    if registration is None:
        raise ValueError(f"there is no provider {name!r}; there are: {', '.join(names())}")
    module, _, attribute = registration.target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except MissingSDKError:
        raise
    except Exception as error:
        if not registration.package:
            raise
        raise load_error(name, registration, f"{type(error).__name__}: {error}") from error


def load_error(name: str, registration: Registration, problem: str) -> ProviderLoadError:
    """Return the error for a registered provider that cannot be loaded."""
    return ProviderLoadError(
        f"the provider {name!r}, which {registration.package or 'mirascope'} registers as "
        f"{registration.target!r}, cannot be loaded: {problem}"
    )


def is_registered(name: str, provider: object) -> bool:
    """Return whether an object is the one that is registered under a name; import nothing."""
    if (registration := find(name)) is None:
        return False
    module, _, attribute = registration.target.partition(":")
    return getattr(sys.modules.get(module), attribute, None) is provider


def _entry_points() -> EntryPoints:
    from importlib.metadata import entry_points  # noqa: PLC0415  # slow to import, rarely needed

    return entry_points(group=GROUP)


def _registration(entry_point: EntryPoint) -> Registration:
    package = entry_point.dist
    return Registration(
        target=entry_point.value.replace(" ", ""),
        package=f"{package.name} {package.version}" if package else "another package",
    )
