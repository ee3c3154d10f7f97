"""Recordings of providers: made through the real SDK, and replayed to it.

May import everything of the test kit but `_scripted`. Begin with `Recording` in `_recording.py`.
"""

from mirascope.testing.recording._exchange import RecordingError
from mirascope.testing.recording._faults import Cut, Reset, Stall
from mirascope.testing.recording._recording import Recording, RecordingMismatchError, recorded

__all__ = [
    "Cut",
    "Recording",
    "RecordingError",
    "RecordingMismatchError",
    "Reset",
    "Stall",
    "recorded",
]
