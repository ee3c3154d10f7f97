"""Names of files for tests, on every file system."""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.=-]+")
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_LONGEST: Final = 100


def recording_name(test: str) -> str:
    """Return the name of a test as a file's, without an extension.

    Where a name must be changed so that two tests could get the same, a hash is added.

    >>> recording_name("test_book[openai-True]")
    'test_book-openai-True'
    >>> recording_name("test_book[a/b]"), recording_name("test_book[a:b]")
    ('test_book-a-b-0a50582d', 'test_book-a-b-5b95db56')
    """
    plain = test.removesuffix("]").replace("[", "-", 1) if test.endswith("]") else test
    name = _UNSAFE.sub("-", plain).strip("-. ")
    if _RESERVED.fullmatch(name) or not name:
        name = f"test-{name}"
    if name == plain and len(name) <= _LONGEST:
        return name
    import hashlib  # noqa: PLC0415  # few names need it

    return f"{name[:_LONGEST]}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"
