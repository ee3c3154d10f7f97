"""Bytes to events to messages: framing, JSON, and the deltas that add up to a message.

Pure: no SDK, no I/O; imports only `core._types`. Begin with `sse`, then `events`, `accumulator`.
"""
