"""Imports of SDKs that may not be installed."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from mirascope.errors import MissingSDKError


@contextmanager
def requires_sdk(package: str, extra: str) -> Generator[None]:
    """Name the extra to install if an import inside of the block does not find an SDK.

    Args:
        package: The import name of the SDK.
        extra: The extra of this distribution that installs it.

    Raises:
        MissingSDKError: The SDK is missing, or too old to have the imported names.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] == package:
            raise MissingSDKError(package, extra) from error
        raise


def classes_of(libraries: Iterable[str], *names: str) -> tuple[type[Exception], ...]:
    """Return the exceptions of these names in the libraries that are installed."""
    installed = [import_module(library) for library in libraries if find_spec(library)]
    found = [getattr(library, name, None) for name in names for library in installed]
    return tuple(exception for exception in found if exception is not None)
