"""Importing an SDK that may not be there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from mirascope.errors import MissingSDKError


@contextmanager
def sdk(package: str, extra: str) -> Generator[None]:
    """Say which extra to install if the imports inside do not find an SDK.

    Args:
        package: The SDK's import name.
        extra: The extra of this distribution that brings it.

    Raises:
        MissingSDKError: The SDK is missing, or too old to have what is imported.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] == package:
            raise MissingSDKError(package, extra) from error
        raise
