"""Azure: OpenAI's Responses API there. The model, which is that of a deployment, is in the body."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mirascope.core.azure._provider import azure_clients
from mirascope.core.openai_responses._provider import PROVIDER as OPENAI_RESPONSES

_RESPONSES: Final = "2025-04-01-preview"
"""A version of Azure's API that has Responses; the newest without a preview does not."""

PROVIDER = replace(OPENAI_RESPONSES, name="azure_responses", clients=azure_clients(_RESPONSES))
