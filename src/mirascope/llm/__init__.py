"""Provider-agnostic calls: choose the provider by its name, and get results of the same form.

May import `core`; a provider's package only when it is called. Begin with `_call.py`.
"""

from mirascope.core._calls.registry import register_server
from mirascope.core._calls.servers import Server
from mirascope.core.base import CostMetadata, LocalProvider, Provider, calculate_cost
from mirascope.llm._call import call
from mirascope.llm._context import context, override
from mirascope.llm.call_response import CallResponse
from mirascope.llm.call_response_chunk import CallResponseChunk
from mirascope.llm.stream import Stream
from mirascope.llm.tool import Tool

__all__ = [
    "CallResponse",
    "CallResponseChunk",
    "CostMetadata",
    "LocalProvider",
    "Provider",
    "Server",
    "Stream",
    "Tool",
    "calculate_cost",
    "call",
    "context",
    "override",
    "register_server",
]
