"""Failures that a choice reports in its finish reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mirascope.core._responses.call_response_chunk import record_of
from mirascope.core._wire.error_reports import provider_error
from mirascope.core._wire.events import ProviderError

if TYPE_CHECKING:
    from mirascope.core._wire.events import JSON, Record


def choice_failure(choice: Record) -> ProviderError | None:
    """Return the failure that the finish reason of a choice reports, if it is one."""
    if choice.get("finish_reason") != "error":
        return None
    if report := choice.get("error"):
        return provider_error(report, body=cast("JSON", choice))
    return ProviderError("the model failed", status=None, body=cast("JSON", choice), retryable=True)


def plain_failure(response: Any) -> ProviderError | None:
    """Return the failure of a plain response, which is an SDK's object, if a choice has one."""
    for choice in response.choices or ():
        if choice.finish_reason == "error":
            return choice_failure(record_of(choice))
    return None
