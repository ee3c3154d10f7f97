"""OpenAI's Chat Completions on Azure, whose URLs name the deployment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from typing_extensions import override

from mirascope.testing._formats.openai import OpenAI
from mirascope.testing._formats.wire_format import JSONObject, Reply

_SAFE: Final = {"hate": {"filtered": False, "severity": "safe"}}


class Azure(OpenAI):
    """The API."""

    name = "azure"
    key_variable = "AZURE_OPENAI_API_KEY"
    url_variable = "AZURE_OPENAI_ENDPOINT"
    url_path = ""
    path = "/openai/(?:deployments/[^/]+|v1)/chat/completions"
    upstream = "https://*.openai.azure.com"
    other_variables = ("AZURE_OPENAI_AD_TOKEN", "OPENAI_API_VERSION")

    @override
    def content(self, reply: Reply) -> Iterator[bytes]:
        results = [{"prompt_index": 0, "content_filter_results": _SAFE}]
        yield self.chunk(reply, None, prompt_filter_results=results)
        yield from super().content(reply)

    @override
    def error_body(self, message: str, status: int) -> JSONObject:
        return {"error": {"message": message, "code": str(status)}}


FORMAT = Azure()
