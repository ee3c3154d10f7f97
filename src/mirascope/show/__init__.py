"""Streams on a screen: live Markdown, tools and values on terminals and in notebooks; progress.

The room imports `mirascope.core` and Rich, which the extra ``rich`` installs; Rich is imported when
a name of the room is first used. Begin with ``_show.py``, which reads a stream; ``_parts.py`` is
what was received, and a view shows it: ``_terminal.py``, ``_notebook.py`` or ``_plain.py``.
docs/places/live-views.md has the rules.

Example:
    >>> from mirascope.core import openai
    >>> from mirascope.show import show
    >>> @openai.call("gpt-4o-mini", stream=True)
    ... def recommend(genre: str) -> str:
    ...     return f"Recommend a {genre} book"
    >>> def main() -> None:
    ...     stream = show(recommend("fantasy"))
    ...     print(stream.cost)
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirascope.show._show import ashow as ashow
    from mirascope.show._show import show as show
    from mirascope.show._track import Tracked as Tracked
    from mirascope.show._track import track as track
else:
    from importlib import import_module

    from mirascope.core._errors.optional_sdk import requires_sdk

    _MODULES = {"Tracked": "_track", "ashow": "_show", "show": "_show", "track": "_track"}

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module 'mirascope.show' has no attribute {name!r}")
        with requires_sdk("rich", extra="rich"), requires_sdk("markdown_it", extra="rich"):
            return getattr(import_module(f"mirascope.show.{_MODULES[name]}"), name)

    def __dir__() -> list[str]:
        return sorted(__all__)


__all__ = ["Tracked", "ashow", "show", "track"]
