"""The call decorator for Gemini models on Vertex AI."""

from __future__ import annotations

from typing import TypeAlias

from google.genai import Client
from google.genai.types import GenerateContentResponse

from mirascope.core._calls.decorator import Call
from mirascope.core.vertex._provider import PROVIDER
from mirascope.core.vertex.call_params import VertexCallParams
from mirascope.core.vertex.call_response import VertexCallResponse
from mirascope.core.vertex.stream import VertexStream

_VertexCall: TypeAlias = Call[
    Client, Client, GenerateContentResponse, VertexCallResponse, VertexStream, VertexCallParams
]

vertex_call: _VertexCall = Call(PROVIDER)
call = vertex_call
