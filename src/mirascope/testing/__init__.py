"""A test kit for code that streams: scripted providers, recordings, and a pytest plugin.

May import everything but `local` and the CLI. Begin with `ScriptedProvider` in `_scripted.py`.
"""

from mirascope.testing._formats.wire_format import Message, ToolCall, call
from mirascope.testing._replies import Pace
from mirascope.testing._requests import Request
from mirascope.testing._scripted import ScriptedProvider, UnexpectedRequestError, provider

__all__ = [
    "Message",
    "Pace",
    "Request",
    "ScriptedProvider",
    "ToolCall",
    "UnexpectedRequestError",
    "call",
    "provider",
]
