"""The providers' APIs from the server's side: requests are read, replies are written.

May import nothing of mirascope and no SDK. Begin with `WireFormat` in `wire_format.py`.
"""

from mirascope.testing._formats.anthropic import FORMAT as _ANTHROPIC
from mirascope.testing._formats.azure import FORMAT as _AZURE
from mirascope.testing._formats.azure_responses import FORMAT as _AZURE_RESPONSES
from mirascope.testing._formats.cohere import FORMAT as _COHERE
from mirascope.testing._formats.gemini import FORMAT as _GEMINI
from mirascope.testing._formats.groq import FORMAT as _GROQ
from mirascope.testing._formats.mistral import FORMAT as _MISTRAL
from mirascope.testing._formats.openai import FORMAT as _OPENAI
from mirascope.testing._formats.openai_responses import FORMAT as _OPENAI_RESPONSES
from mirascope.testing._formats.vertex import FORMAT as _VERTEX
from mirascope.testing._formats.wire_format import WireFormat

FORMATS: dict[str, WireFormat] = {
    wire_format.name: wire_format
    for wire_format in (
        *(_OPENAI, _OPENAI_RESPONSES, _ANTHROPIC, _GEMINI, _COHERE, _GROQ, _MISTRAL),
        *(_AZURE, _AZURE_RESPONSES, _VERTEX),
    )
}
"""The APIs, by the names of their providers."""

__all__ = ["FORMATS"]
