"""The response to a plain call."""

from mirascope.core._responses.call_response import BaseCallResponse, response_of

__all__ = ["BaseCallResponse", "response_of"]
