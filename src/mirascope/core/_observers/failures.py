"""Failures in words that hold neither a prompt nor a key."""

from __future__ import annotations

from typing import Final

from mirascope import errors

_REFUSED: Final = 400


def error_type(error: BaseException) -> str:
    """Return the name of an error's class: ours, if it is one of ours and the SDK's."""
    kind = type(error)
    ours = (each for each in kind.__mro__ if each.__module__ == errors.__name__)
    return next(ours, kind).__qualname__


def describe(error: BaseException) -> str:
    """Return the class of an error, and its HTTP status or deadline.

    Its own text may quote the request.

    >>> describe(errors.StreamTruncated("..."))
    'StreamTruncated'
    """
    name = error_type(error)
    if isinstance(error, errors.StreamTimeout) and error.clock:
        return f"{name} ({error.clock})"
    status = error.status_code if isinstance(error, errors.StreamError) else None
    return f"{name} (HTTP {status})" if status and status >= _REFUSED else name
