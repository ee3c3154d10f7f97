"""The file of a recording.

It is written whole and then put in its place, so a run that is stopped leaves the old file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

from mirascope.testing._formats import FORMATS
from mirascope.testing.recording import _yaml
from mirascope.testing.recording._cassettes import exchanges_of_cassette
from mirascope.testing.recording._exchange import (
    Arrival,
    Exchange,
    RecordedRequest,
    RecordedResponse,
    RecordingError,
    value_of,
)

VERSION: Final = 1
_HEAD: Final = "# Recorded by mirascope.testing. To record it again: pytest --record\n"
_LONGEST_CHARACTER: Final = 4
HOW_TO_RECORD: Final = (
    "record it with `pytest --record`, with MIRASCOPE_RECORD=1 in the environment, or with"
    " `record=True`"
)


def read(path: Path) -> list[Exchange]:
    """Return the exchanges of a recording, or of a cassette of vcrpy.

    Raises:
        FileNotFoundError: There is no such file.
        MissingSDKError: PyYAML is not installed.
        RecordingError: It is no recording, or one of a newer version.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no recording {path}: {HOW_TO_RECORD}") from None
    try:
        return _exchanges(_yaml.load(data))
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        problem = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise RecordingError(
            f"{path} is neither a recording nor a cassette of vcrpy: {problem}; correct it, or"
            f" {HOW_TO_RECORD}"
        ) from error


def _exchanges(document: object) -> list[Exchange]:
    if not isinstance(document, dict):
        raise TypeError("it does not contain a mapping")
    content = cast("dict[str, Any]", document)
    if "interactions" in content:
        return exchanges_of_cassette(content)
    if (version := content["version"]) > VERSION:
        raise RecordingError(
            f"it is a recording of version {version}, but this mirascope-streams reads"
            f" up to {VERSION}: install a newer one, or {HOW_TO_RECORD}"
        )
    return [_exchange(each) for each in content["exchanges"]]


def _exchange(content: Mapping[str, Any]) -> Exchange:
    request, response = content["request"], content["response"]
    provider = request["provider"]
    if provider not in FORMATS:
        raise ValueError(f"there is no provider {provider!r}; there are: {', '.join(FORMATS)}")
    body = request.get("body")
    return Exchange(
        RecordedRequest(
            provider,
            request.get("method", "POST"),
            request["path"],
            value_of(body) if isinstance(body, str | bytes) else body,
        ),
        RecordedResponse(
            status=response.get("status"),
            headers={name: str(value) for name, value in response.get("headers", {}).items()},
            at=float(response.get("at", 0)),
            arrivals=[
                Arrival(float(at), data.encode() if isinstance(data, str) else bytes(data))
                for at, data in response.get("body") or ()
            ],
            cut=response.get("cut"),
            broken=response.get("broken"),
        ),
    )


def check_writable(path: Path) -> None:
    """Raise if a recording cannot be written, before anything is requested.

    Raises:
        MissingSDKError: PyYAML is not installed.
        RecordingError: It cannot be written.
    """
    _yaml.load("")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
        if path.is_dir():
            raise IsADirectoryError("it is a folder")  # one message for all of them
    except OSError as error:
        raise RecordingError(f"the recording {path} cannot be written: {error}") from error


def write(path: Path, exchanges: Sequence[Exchange]) -> None:
    """Write a recording.

    Raises:
        OSError: It cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for text in _document(exchanges):
                file.write(text.encode())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _document(exchanges: Sequence[Exchange]) -> Iterator[str]:
    yield f"{_HEAD}version: {VERSION}\nexchanges:{'' if exchanges else ' []'}\n"
    for exchange in exchanges:
        yield f"- request:\n{_request(exchange.request)}  response:\n"
        yield from _response(exchange.response)


def _request(request: RecordedRequest) -> str:
    fields = fields_of(request)
    text = _yaml.dump(fields, 4)
    with suppress(ValueError):
        if _yaml.load(text) == fields:
            return text
    return _yaml.dump(fields | {"body": json.dumps(request.body)}, 4)  # half of a surrogate pair


def fields_of(request: RecordedRequest) -> dict[str, object]:
    """Return the fields of a request, as they are written."""
    fields: dict[str, object] = {"provider": request.provider}
    if request.method != "POST":
        fields["method"] = request.method
    fields["path"] = request.path
    if request.body is not None:
        fields["body"] = request.body
    return fields


def _response(response: RecordedResponse) -> Iterator[str]:
    fields: dict[str, object] = {}
    if response.status is not None:
        fields = {"status": response.status, "at": round(response.at, 4)}
        if response.headers:
            fields["headers"] = response.headers
    if response.cut is not None:
        fields["cut"] = round(response.cut, 4)
    if response.broken is not None:
        fields["broken"] = round(response.broken, 4)
    yield _yaml.dump(fields, 4)
    arrivals = list(_texts(response.arrivals))
    if arrivals:
        yield "    body:\n"
    for at, data in arrivals:
        yield f"    - - {at:.4f}\n      - {_yaml.body_scalar(data, 6)}\n"


def _texts(arrivals: Sequence[Arrival]) -> Iterator[tuple[float, str | bytes]]:
    """Yield the arrivals as texts, or as bytes where they are none.

    A character that is split between arrivals goes to the one that completes it.
    """
    at, rest = 0.0, b""
    for at, piece in arrivals:  # the last one is used after the loop
        data, rest = rest + piece, b""
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                yield at, data
                continue
            text, rest = data[: error.start].decode(), data[error.start :]
        if text:
            yield at, text
    if rest:
        yield at, rest
