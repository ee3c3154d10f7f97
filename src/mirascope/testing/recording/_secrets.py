"""What must not reach a file: keys, cookies, and the ids of organizations and accounts.

Secrets are known by where they come from: a header of the request or of the response, or a variable
of the environment. Those values are replaced wherever they are. Further ids are known by their
format, and are replaced in errors only: elsewhere they may be the text of a model.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, cast
from urllib.parse import quote

from mirascope.testing._formats import FORMATS
from mirascope.testing._formats.bedrock import frames
from mirascope.testing.recording._exchange import (
    REDACTED,
    Arrival,
    Exchange,
    RecordedRequest,
    RecordedResponse,
)

_SHORTEST: Final = 4
_LONG: Final = 8
"""From this length on, a secret is replaced inside of words too."""
_WORDS: Final = frozenset({"bearer", "basic", "true", "false", "null", "none", "text", "auto"})
_HEADERS: Final = re.compile(
    r"(?!.*(?:limit|access-control))"
    r".*(?:authorization|cookie|key$|token$|secret|organi[sz]ation|project|account|workspace|tenant"
    r"|request-id|trace-id|cf-ray)"
)
_VARIABLES: Final = re.compile(r".*(?:KEY|TOKEN|ORG_ID|ORGANIZATION_ID|RULE_ID|PROJECT(?:_ID)?)$")
_SIGNED: Final = re.compile(r"\b(?:Credential|Signature)=([^/,\s]+)")
"""The id of the key, and the signature, in the credential of a signed request of Amazon's."""

_KEYS: Final = re.compile(
    rb"\bsk-(?=[\w*-]*[\d*])[\w*-]{12,}|\bgsk_\w{16,}|\bAIza[\w-]{16,}|\bya29\.[\w.-]{16,}"
    rb"|(?<=\bBearer )[\w.~+/*=-]{12,}"
)
_ACCOUNTS: Final = re.compile(
    rb"\b(?:org|proj|wrkspc)[-_](?!id\b|name\b)[\w-]{4,}"
    rb"|\b(?:acct|team|user)[-_](?=\w*\d)\w{4,}"
    rb"|(?i:(?:organi[sz]ation|project|account|workspace|tenant|team|customer|consumer)s?"
    rb"(?:[_ ]?(?:uu)?id|[_ ]?number)?[\"'`:=\s/\\#(]{1,6})(?P<id>[\w.-]*\d[\w.-]{3,})"
    rb"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rb"|\barn:aws[\w:/.+=@*-]+"
)
_ERROR_LINE: Final = re.compile(rb'^.*"error"\s*:\s*[{"\[].*$', re.MULTILINE)

Span = tuple[int, int]
Edit = tuple[int, int, bytes]
"""A part of a body, and what replaces it."""


class Secrets:
    """The secrets of a recording; they are collected until it is written."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        for wire_format in FORMATS.values():
            keys = (wire_format.key_variable, *wire_format.other_keys)
            for name in (*keys, *wire_format.other_variables):
                if _VARIABLES.match(name):
                    self._add(os.environ.get(name, ""))

    def collect(self, headers: Iterable[tuple[str, str]]) -> None:
        """Collect the secrets among the headers of a request or of a response."""
        for name, value in headers:
            if _HEADERS.match(name.lower()):
                for part in _parts(name.lower(), value):
                    self._add(part)

    def _add(self, value: str) -> None:
        value = value.strip()
        number = value.isdigit() and len(value) < _LONG  # a count, or a year
        if len(value) >= _SHORTEST and value.lower() not in _WORDS and not number:
            self._known.add(value)

    def redacted(self, exchange: Exchange) -> Exchange:
        """Return an exchange as it may be written."""
        pattern = self._pattern()
        request, response = exchange.request, exchange.response
        failed = response.status is None or response.status >= 400  # noqa: PLR2004  # HTTP's errors
        return Exchange(
            RecordedRequest(
                request.provider,
                request.method,
                _of_text(request.path, pattern),
                _of_value(request.body, pattern),
            ),
            replace(
                response,
                headers={name: _of_text(v, pattern) for name, v in response.headers.items()},
                arrivals=_of_arrivals(response, pattern, failed=failed),
            ),
        )

    def redacted_request(self, request: RecordedRequest) -> RecordedRequest:
        """Return a request as it may be shown."""
        return self.redacted(Exchange(request, RecordedResponse())).request

    def _pattern(self) -> re.Pattern[bytes]:
        spellings: set[str] = set()
        for value in self._known:
            escaped = json.dumps(value)[1:-1]
            spellings |= {value, escaped, escaped.replace("/", "\\/"), quote(value, safe="")}
        ordered = sorted(spellings, key=len, reverse=True)
        return re.compile(b"|".join([_KEYS.pattern, *map(_expression, ordered)]))


def _expression(secret: str) -> bytes:
    escaped = re.escape(secret.encode())
    return escaped if len(secret) >= _LONG else rb"(?<!\w)%b(?!\w)" % escaped


def _parts(header: str, value: str) -> Iterator[str]:
    """Yield the parts of a header's value that are secret by themselves."""
    if "cookie" in header:
        pairs = value.split(";") if header == "cookie" else [value.partition(";")[0]]
        yield from (pair.partition("=")[2] for pair in pairs)
    else:
        yield value
        _scheme, _, credential = value.partition(" ")
        yield credential
        yield from _SIGNED.findall(credential)


def _of_text(text: str, pattern: re.Pattern[bytes]) -> str:
    data = text.encode(errors="surrogatepass")
    return pattern.sub(REDACTED.encode(), data).decode(errors="surrogatepass")


def _of_value(value: object, pattern: re.Pattern[bytes]) -> object:
    """Return a value of JSON, or bytes, without secrets."""
    if isinstance(value, str):
        return _of_text(value, pattern)
    if isinstance(value, bytes):
        return pattern.sub(REDACTED.encode(), value)
    if isinstance(value, list):
        return [_of_value(item, pattern) for item in cast("list[object]", value)]
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {_of_text(name, pattern): _of_value(item, pattern) for name, item in items}
    return value


def _of_arrivals(
    response: RecordedResponse, pattern: re.Pattern[bytes], *, failed: bool
) -> list[Arrival]:
    """Return the arrivals of a body; a secret that is split between some goes to the first."""
    body = b"".join(arrival.data for arrival in response.arrivals)
    edits = list(_edits(body, pattern, failed=failed))
    kept: list[Arrival] = []
    start = index = 0
    for at, data in response.arrivals:
        end, cursor, pieces = start + len(data), start, list[bytes]()
        while index < len(edits) and edits[index][0] < end:
            first, last, replacement = edits[index]
            if first >= start:
                pieces += [body[cursor:first], replacement]
            cursor = min(last, end)
            if last > end:
                break
            index += 1
        kept.append(Arrival(at, b"".join([*pieces, body[cursor:end]])))
        start = end
    return kept


def _edits(body: bytes, pattern: re.Pattern[bytes], *, failed: bool) -> Iterator[Edit]:
    """Yield the edits of a body; a frame, which has a checksum, is replaced whole."""
    position = 0
    for frame in frames(body):
        reported = failed or frame.is_exception
        payload = frame.payload
        if edits := list(_edits_of_text(payload, pattern, failed=reported)):
            for first, last, replacement in reversed(edits):
                payload = payload[:first] + replacement + payload[last:]
            yield position, position + len(frame), frame.with_payload(payload)
        position += len(frame)
    for first, last, replacement in _edits_of_text(body[position:], pattern, failed=failed):
        yield position + first, position + last, replacement


def _edits_of_text(body: bytes, pattern: re.Pattern[bytes], *, failed: bool) -> Iterator[Edit]:
    for first, last in _merged([*_found(body, pattern), *_accounts(body, failed=failed)]):
        yield first, last, REDACTED.encode()


def _found(body: bytes, pattern: re.Pattern[bytes], first: int = 0, last: int = -1) -> list[Span]:
    end = len(body) if last < 0 else last
    return [
        match.span("id") if match.groupdict().get("id") else match.span()
        for match in pattern.finditer(body, first, end)
    ]


def _accounts(body: bytes, *, failed: bool) -> Iterator[Span]:
    """Yield where ids of accounts are: in an error's body, or in the errors inside of a stream."""
    if failed:
        yield from _found(body, _ACCOUNTS)
    else:
        for line in _ERROR_LINE.finditer(body):
            yield from _found(body, _ACCOUNTS, *line.span())


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
