"""Reads errors that a server reports inside a response whose HTTP status is 200.

Providers, gateways and web frameworks each have their own format. All of them are read here: the
message is in any of the usual fields, and the HTTP status that the error is equivalent to is a
number, or one of the codes that some servers use instead. Where a report has several codes, the
first field in `_STATUS_FIELDS` counts; the type is last, because it is the least specific.
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

_MESSAGE_FIELDS: Final = ("error", "message", "msg", "error_msg", "detail", "errors")
_FALLBACK_FIELDS: Final = ("description", "error_description", "title", "reason")
_STATUS_FIELDS: Final = (
    *("status_code", "raw_status_code", "statusCode", "status"),
    *("code", "error_code", "error", "type"),
)
_NESTED_STATUS_FIELDS: Final = ("error", "message", "detail", "errors")
_HTTP_ERRORS: Final = range(400, 600)
_THREE_DIGITS: Final = re.compile(r"\d{3}", re.ASCII)
_SUFFIX: Final = re.compile(r"(error|exception)$")
_STATUS_OF_CODE: Final = {
    code: status
    for status, codes in {
        400: (
            "invalidrequest badrequest invalidargument failedprecondition outofrange toolusefailed "
            "jsonvalidatefailed validation contextlengthexceeded exceedcontextsize contentfilter "
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
        500: "server internalserver internal api unknown dataloss modelstreamerror",
        501: "notimplemented unimplemented notsupported",
        503: (
            "overloaded engineoverloaded modeloverloaded serveroverloaded serverisoverloaded "
            "serviceunavailable unavailable overcapacity capacityexceeded"
        ),
        504: "timeout gatewaytimeout deadlineexceeded",
    }.items()
    for code in codes.split()
}
"""Codes of OpenAI, Anthropic, Google and compatible servers: lower case, letters and digits only,
without the suffix ``error`` or ``exception``."""


def provider_error(report: JSON, *, body: JSON = None) -> ProviderError:
    """Return the error for a report.

    Args:
        report: The server's JSON.
        body: The part of it for the SDK's error to hold; by default all.
    """
    message = "; ".join(_messages(report)) or f"the server reports an error: {json.dumps(report)}"
    return ProviderError(message, status=_status(report), body=report if body is None else body)


def find_error(record: Record) -> ProviderError | None:
    """Return the error that a record reports, if any; for records that a decoder cannot read."""
    kind = (text(record.get("type")) + text(record.get("object"))).lower()
    if not (record.get("error") or record.get("errors") or record.get("detail")):
        is_error = "error" in kind or "exception" in kind
        is_typed = "type" in record or "object" in record
        has_message = any(text(record.get(name)) for name in _MESSAGE_FIELDS)
        if not is_error and (is_typed or not has_message):
            return None
    return provider_error(dict(record))


def _messages(report: JSON) -> Iterator[str]:
    """Yield the messages of a report, each once."""
    message = ""
    if isinstance(report, str):
        message = report
    elif isinstance(report, list):
        message = "; ".join(each for element in report for each in _messages(element))
    elif isinstance(report, dict):
        found = [m for name in _MESSAGE_FIELDS for m in _messages(report.get(name))]
        found = found or [m for name in _FALLBACK_FIELDS for m in _messages(report.get(name))]
        location = report.get("loc")  # FastAPI's path of the invalid field
        path = [".".join(map(str, location))] if location and isinstance(location, list) else []
        message = ": ".join([*path, *dict.fromkeys(found)])
    if message:
        yield message


def _status(report: JSON) -> int | None:
    """Return the HTTP status in a report, if there is one."""
    statuses: Iterable[int | None] = ()
    if isinstance(report, list):
        statuses = map(_status, report)
    elif isinstance(report, dict):
        own = map(_http_status, map(report.get, _STATUS_FIELDS))
        statuses = chain(own, map(_status, map(report.get, _NESTED_STATUS_FIELDS)))
    return next((status for status in statuses if status is not None), None)


def _http_status(code: JSON) -> int | None:
    """Return the HTTP status of an error code; ``None`` for codes of other kinds."""
    if isinstance(code, str):
        if _THREE_DIGITS.fullmatch(code):
            code = int(code)
        else:
            return _STATUS_OF_CODE.get(_SUFFIX.sub("", re.sub(r"[\W_]+", "", code.lower())))
    return code if isinstance(code, int) and code in _HTTP_ERRORS else None
