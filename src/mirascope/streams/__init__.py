"""Operators on streams: pieces of text, pace, branches, several streams at once.

Nothing imports the room; it imports `mirascope.core`. Begin with ``_transform.py``, which drives
the operators from one stream to one; ``_items.py`` has what all of them return.

An operator reads a stream, sync or async, or any iterable. Iterate what it returns once, with
``for`` or ``async for`` like the source. You can pass the result to another operator. Leaving the
loop in any way closes the source. docs/guide/operators.md has the rules.

Example:
    >>> from mirascope import streams, testing
    >>> from mirascope.core import openai
    >>> @openai.call("gpt-4o-mini", stream=True)
    ... def describe(book: str) -> str:
    ...     return f"Describe {book}"
    >>> with testing.provider() as llm:
    ...     llm.reply("It is witty. Dr. Perry runs off!")
    ...     for sentence in streams.sentences(describe("Emma")):
    ...         print(repr(sentence))
    'It is witty. '
    'Dr. Perry runs off!'
"""

from mirascope.streams._cut import extract_reasoning, until
from mirascope.streams._gather import gather
from mirascope.streams._items import AsyncItems, Items, SyncItems
from mirascope.streams._jobs import Row
from mirascope.streams._merge import merge
from mirascope.streams._pace import smooth, throttle
from mirascope.streams._race import race
from mirascope.streams._sentences import sentences
from mirascope.streams._split import lines, text, words
from mirascope.streams._tee import tee

__all__ = [
    "AsyncItems",
    "Items",
    "Row",
    "SyncItems",
    "extract_reasoning",
    "gather",
    "lines",
    "merge",
    "race",
    "sentences",
    "smooth",
    "tee",
    "text",
    "throttle",
    "until",
    "words",
]
