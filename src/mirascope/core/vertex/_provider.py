"""Vertex AI: Gemini models on Google Cloud, through the same SDK, with a project or an API key."""

from __future__ import annotations

from dataclasses import replace

from mirascope.core.gemini._provider import PROVIDER as GEMINI
from mirascope.core.gemini._provider import default_clients

PROVIDER = replace(GEMINI, name="vertex", clients=default_clients(vertexai=True))
