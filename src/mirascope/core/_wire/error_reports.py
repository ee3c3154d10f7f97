"""Failures that a server reports inside a response whose HTTP status is 200.

Providers, gateways and web frameworks each have their own form for them. Here all forms are read:
the text is wherever one of the usual names has it, and the HTTP status that it would have been is
a number, or one of the words that some servers use instead. Where a report has several codes, the
first name counts; the type comes last, because it is the least specific.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Final

from mirascope.core._wire.events import ProviderError
from mirascope.core._wire.json_fields import text

if TYPE_CHECKING:
    from mirascope.core._wire.events import JSON, Record

_TEXTS: Final = ("error", "message", "msg", "error_msg", "detail", "errors")
_FURTHER_TEXTS: Final = ("description", "error_description", "title", "reason")
_STATUSES: Final = (
    *("status_code", "raw_status_code", "statusCode", "status"),
    *("code", "error_code", "error", "type"),
)
_HOLD_A_STATUS: Final = ("error", "message", "detail", "errors")
_HTTP_ERRORS: Final = range(400, 600)
_THREE_DIGITS: Final = re.compile(r"\d{3}", re.ASCII)
_SUFFIX: Final = re.compile(r"(error|exception)$")
_WORDS: Final = {
    word: status
    for status, words in {
        400: (
            "invalidrequest badrequest invalidargument failedprecondition outofrange toolusefailed "
            "jsonvalidatefailed contextlengthexceeded exceedcontextsize contentfilter "
            "contentpolicyviolation"
        ),
        401: (
            "authentication invalidauthentication authenticationfailed unauthenticated "
            "unauthorized invalidapikey incorrectapikey"
        ),
        402: "billing paymentrequired insufficientbalance insufficientcredits",
        403: "permission permissiondenied forbidden accessdenied accessterminated",
        404: "notfound modelnotfound resourcenotfound",
        408: "requesttimeout",
        409: "conflict aborted alreadyexists",
        413: "requesttoolarge requestentitytoolarge payloadtoolarge",
        422: "unprocessableentity",
        429: (
            "ratelimit ratelimited ratelimitexceeded ratelimitreached toomanyrequests throttling "
            "insufficientquota quotaexceeded exceededcurrentquota resourceexhausted slowdown "
            "requests tokens"  # the types of a rate limit, of OpenAI and Groq
        ),
        499: "cancelled",
        500: "server internalserver internal api unknown dataloss",
        501: "notimplemented unimplemented notsupported",
        503: (
            "overloaded engineoverloaded modeloverloaded serveroverloaded serverisoverloaded "
            "serviceunavailable unavailable overcapacity capacityexceeded"
        ),
        504: "timeout gatewaytimeout deadlineexceeded",
    }.items()
    for word in words.split()
}
"""Words of OpenAI, Anthropic, Google and compatible servers, without case, marks and suffix."""


def provider_error(report: JSON, *, body: JSON = None) -> ProviderError:
    """Return the failure that a report is about.

    Args:
        report: What the server sent.
        body: What of it the SDK's error is to hold; by default all.
    """
    message = "; ".join(_texts(report)) or f"the server reports an error: {json.dumps(report)}"
    return ProviderError(message, status=_status(report), body=report if body is None else body)


def reported(record: Record) -> ProviderError | None:
    """Return the failure that a record reports in which a decoder knows nothing, if it does."""
    kind = (text(record.get("type")) + text(record.get("object"))).lower()
    if not (record.get("error") or record.get("errors") or record.get("detail")):
        says_so = "error" in kind or "exception" in kind
        is_typed = "type" in record or "object" in record
        if not says_so and (is_typed or not any(text(record.get(name)) for name in _TEXTS)):
            return None
    return provider_error(dict(record))


def _texts(report: JSON) -> Iterator[str]:
    """Yield the texts of a report, each once."""
    said = ""
    if isinstance(report, str):
        said = report
    elif isinstance(report, list):
        said = "; ".join(text for element in report for text in _texts(element))
    elif isinstance(report, dict):
        found = [t for name in _TEXTS for t in _texts(report.get(name))]
        found = found or [t for name in _FURTHER_TEXTS for t in _texts(report.get(name))]
        said = ": ".join([*_location(report), *dict.fromkeys(found)])
    if said:
        yield said


def _location(report: Record) -> list[str]:
    """Return where in the request a validator of FastAPI found a fault."""
    steps = report.get("loc")
    return [".".join(map(str, steps))] if isinstance(steps, list) and steps else []


def _status(report: JSON) -> int | None:
    """Return the HTTP status that a report has, if it does."""
    statuses: Iterable[int | None] = ()
    if isinstance(report, list):
        statuses = map(_status, report)
    elif isinstance(report, dict):
        own = map(_http_status, map(report.get, _STATUSES))
        statuses = chain(own, map(_status, map(report.get, _HOLD_A_STATUS)))
    return next((status for status in statuses if status is not None), None)


def _http_status(code: JSON) -> int | None:
    """Return a code if it is the status of an HTTP error; providers have codes of their own too."""
    if isinstance(code, str):
        if _THREE_DIGITS.fullmatch(code):
            code = int(code)
        else:
            return _WORDS.get(_SUFFIX.sub("", re.sub(r"[\W_]+", "", code.lower())))
    return code if isinstance(code, int) and code in _HTTP_ERRORS else None
