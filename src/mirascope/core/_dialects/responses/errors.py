"""Failures that a response reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._wire.error_reports import provider_error
from mirascope.core._wire.events import ProviderError

if TYPE_CHECKING:
    from mirascope.core._wire.events import Record


def failure(response: Record) -> ProviderError:
    """Return the failure of a response, or of an event ``error``, which reports it as ``error``."""
    if report := response.get("error"):
        return provider_error(report)
    if response.get("type") == "error":
        return provider_error(dict(response))
    return ProviderError("the model failed", status=None, body=None, retryable=True)


def plain_failure(response: Any) -> ProviderError | None:
    """Return the failure of a plain response, which is an SDK's object, if it has one."""
    if response.status != "failed":
        return None
    return failure({"error": dict(record_of(response.error))})
