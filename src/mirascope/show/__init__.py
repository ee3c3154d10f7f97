"""Streams on a screen: live Markdown, tools and values on terminals and in notebooks; progress.

The room needs Rich, which the extra ``rich`` installs, and imports `mirascope.core` alone. Begin
with ``_show.py``, which reads a stream; ``_parts.py`` is what was received, and a view shows it:
``_terminal.py``, ``_notebook.py`` or ``_plain.py``. docs/show.md has the rules.

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

from mirascope.core._errors.optional_sdk import requires_sdk

with requires_sdk("rich", extra="rich"), requires_sdk("markdown_it", extra="rich"):
    from mirascope.show._show import ashow, show
    from mirascope.show._track import Tracked, track

__all__ = ["Tracked", "ashow", "show", "track"]
