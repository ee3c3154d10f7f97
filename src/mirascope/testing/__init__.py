"""Test code that streams, without a network: scripted providers, recordings, a pytest plugin.

May import everything but `local` and the CLI. Begin with `ScriptedProvider` in `_scripted.py`.
"""

from mirascope.testing._formats.wire_format import Message, ToolCall, call
from mirascope.testing._replies import Pace
from mirascope.testing._requests import Request
from mirascope.testing._scripted import ScriptedProvider, UnexpectedRequestError, provider
from mirascope.testing.recording import (
    Cut,
    Recording,
    RecordingError,
    RecordingMismatchError,
    Reset,
    Stall,
    recorded,
)

__all__ = [
    "Cut",
    "Message",
    "Pace",
    "Recording",
    "RecordingError",
    "RecordingMismatchError",
    "Request",
    "Reset",
    "ScriptedProvider",
    "Stall",
    "ToolCall",
    "UnexpectedRequestError",
    "call",
    "provider",
    "recorded",
]
