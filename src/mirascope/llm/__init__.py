"""Calls whose provider is named by a text: one form for all providers."""

from mirascope.llm._call import call
from mirascope.llm._context import context, override
from mirascope.llm.call_response import CallResponse
from mirascope.llm.call_response_chunk import CallResponseChunk
from mirascope.llm.stream import Stream
from mirascope.llm.tool import Tool

__all__ = [
    "CallResponse",
    "CallResponseChunk",
    "Stream",
    "Tool",
    "call",
    "context",
    "override",
]
