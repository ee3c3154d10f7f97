"""Parameters of Amazon Bedrock's Converse API beside the model and the messages."""

from __future__ import annotations

from mirascope.core._calls.call_params import BaseCallParams
from mirascope.core.bedrock._sdk import ConverseParams


class BedrockCallParams(BaseCallParams, ConverseParams, total=False):
    """Parameters of a Converse request, and of the client's method for it.

    ``timeout`` is the read timeout of the request in seconds. On your own client it needs a
    botocore that can set it for one request; with an older one, the client's own configuration
    applies. Parameters that only one model has go into ``additionalModelRequestFields``.
    """

    timeout: float | None
