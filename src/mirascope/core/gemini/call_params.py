"""Parameters of Gemini models beside the model and the messages."""

from __future__ import annotations

from google.genai.types import GenerateContentConfigDict, GenerateContentConfigOrDict


class GeminiCallParams(GenerateContentConfigDict, total=False):
    """The fields of the SDK's ``GenerateContentConfig``, each by itself or all in ``config``.

    Attributes:
        config: More fields, as the SDK's object or as a dict.
        generation_config: More fields, under the name that Google's previous SDK used.
    """

    config: GenerateContentConfigOrDict
    generation_config: GenerateContentConfigDict
