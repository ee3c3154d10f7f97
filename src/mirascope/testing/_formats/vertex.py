"""Gemini's generateContent on Vertex AI."""

from __future__ import annotations

from mirascope.testing._formats.gemini import Gemini


class Vertex(Gemini):
    """The API."""

    name = "vertex"
    key_variable = "GOOGLE_API_KEY"
    url_variable = "GOOGLE_VERTEX_BASE_URL"
    upstream = "https://aiplatform.googleapis.com"
    host = "*aiplatform.googleapis.com"
    other_variables = ()


FORMAT = Vertex()
