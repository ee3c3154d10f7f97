"""OpenAI's Responses API on Azure, at the same server as Azure's Chat Completions."""

from __future__ import annotations

from mirascope.testing._formats.azure import Azure
from mirascope.testing._formats.openai_responses import OpenAIResponses


class AzureResponses(OpenAIResponses):
    """The API."""

    name = "azure_responses"
    folder = Azure.name
    key_variable = Azure.key_variable
    url_variable = Azure.url_variable
    url_path = Azure.url_path
    path = "/openai/(?:v1/)?responses"
    upstream = Azure.upstream
    other_variables = Azure.other_variables


FORMAT = AzureResponses()
