"""The loop of a conversation with tools: the model, its tools, and the model again.

May import everything below it but providers. Begin with `Conversation` in `_conversation.py`.
"""

from mirascope.conversation._conversation import (
    Conversation,
    RoundLimitError,
    converse,
    history_of,
)
from mirascope.conversation._tool_runs import (
    Decision,
    Output,
    ToolInterruptedError,
    ToolNotRunError,
)

__all__ = [
    "Conversation",
    "Decision",
    "Output",
    "RoundLimitError",
    "ToolInterruptedError",
    "ToolNotRunError",
    "converse",
    "history_of",
]
