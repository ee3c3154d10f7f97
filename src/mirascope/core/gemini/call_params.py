"""Parameters of Gemini models beside the model and the messages."""

from __future__ import annotations

from google.genai.types import GenerateContentConfigDict, GenerateContentConfigOrDict


class GeminiCallParams(GenerateContentConfigDict, total=False):
    """The fields of the SDK's ``GenerateContentConfig``, side by side or in one.

    Attributes:
        config: Further fields, as the SDK's own object or its dict.
        generation_config: Further fields; the name is that of the SDK before this one.
    """

    config: GenerateContentConfigOrDict
    generation_config: GenerateContentConfigDict
