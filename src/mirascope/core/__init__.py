"""The entry to the providers: a provider, and its SDK, is imported when it is first named.

The names are those of `mirascope.core.base` and of the registered providers. The laziness is hidden
from type checkers, which would accept any name behind a visible ``__getattr__``.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirascope.core import anthropic as anthropic
    from mirascope.core import azure as azure
    from mirascope.core import azure_responses as azure_responses
    from mirascope.core import base as base
    from mirascope.core import bedrock as bedrock
    from mirascope.core import cohere as cohere
    from mirascope.core import costs as costs
    from mirascope.core import gemini as gemini
    from mirascope.core import google as google
    from mirascope.core import groq as groq
    from mirascope.core import litellm as litellm
    from mirascope.core import mistral as mistral
    from mirascope.core import openai as openai
    from mirascope.core import openai_responses as openai_responses
    from mirascope.core import providers as providers
    from mirascope.core import vertex as vertex
    from mirascope.core import xai as xai
    from mirascope.core.base import *  # noqa: F403  # the same names
else:
    from importlib import import_module
    from importlib.util import find_spec

    def __getattr__(name: str) -> object:
        if name == "__all__":
            return sorted({*import_module("mirascope.core.base").__all__, "base", "costs"})
        if not name.startswith("_"):
            if find_spec(f"mirascope.core.{name}"):  # first, as a provider does not need `base`
                return import_module(f"mirascope.core.{name}")
            if hasattr(base := import_module("mirascope.core.base"), name):
                return getattr(base, name)
        raise AttributeError(f"module 'mirascope.core' has no attribute {name!r}")

    def __dir__() -> list[str]:
        from pkgutil import iter_modules  # noqa: PLC0415  # only here

        modules = (module.name for module in iter_modules(import_module("mirascope.core").__path__))
        public = (name for name in modules if not name.startswith("_"))
        return sorted({*import_module("mirascope.core.base").__all__, *public})
