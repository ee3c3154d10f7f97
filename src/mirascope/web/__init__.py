"""Streams in web pages: plain server-sent events, the AI SDK's ``useChat``, AG-UI.

The room encodes streams as events for browsers and reads the requests of browsers. It imports
`mirascope.core` and, for their formats alone, Starlette and ``ag-ui-protocol``. Begin with
``_walk.py``, which decides the events; ``_encoder.py`` is what a protocol implements.

`sse`, `ai_sdk` and `ag_ui` have one shape: ``events(stream)`` is the bytes of the protocol, for any
web framework, and ``response(stream)`` a response for Starlette and FastAPI. The stream is one that
a call returns, sync or async, or a `Turn` of several. docs/places/web.md has the rules.

Example:
    >>> from mirascope.core import openai
    >>> from mirascope.web import sse
    >>> @openai.call("gpt-4o-mini", stream=True)
    ... def recommend(genre: str) -> str:
    ...     return f"Recommend a {genre} book"
    >>> def page(genre: str):  # of Starlette or FastAPI
    ...     return sse.response(recommend(genre))
"""

from mirascope.web._events import Events
from mirascope.web._failures import OnError
from mirascope.web._turns import Approval, AsyncTurn, Streamed, SyncTurn, Turn

__all__ = ["Approval", "AsyncTurn", "Events", "OnError", "Streamed", "SyncTurn", "Turn"]
