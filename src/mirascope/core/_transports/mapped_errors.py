"""Exceptions of the standard library as those of ``httpx`` and ``httpx2``."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from http.client import HTTPException
from typing import Any


@contextlib.contextmanager
def mapped_errors(http: Any, timeout: str, failure: str) -> Generator[None]:
    """Map exceptions of the standard library to those of the HTTP library.

    Args:
        http: The HTTP library.
        timeout: The name of its exception for a timeout.
        failure: The name of its exception for a failure of the connection.
    """
    try:
        yield
    except TimeoutError as error:
        raise getattr(http, timeout)(str(error)) from error
    except HTTPException as error:
        raise http.RemoteProtocolError(str(error) or type(error).__name__) from error
    except OSError as error:
        raise getattr(http, failure)(str(error)) from error
