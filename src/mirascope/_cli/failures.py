"""What failures are reported with."""

from __future__ import annotations

from pydantic import ValidationError

from mirascope.conversation import RoundLimitError
from mirascope.core._calls.registry import BUILT_IN
from mirascope.core._errors.redaction import SHORTEST_KEY, redacted
from mirascope.errors import MirascopeError, StreamConnectionError


def reason(error: BaseException) -> str:
    """Return the cause of a failure, without API keys and without what a value had instead."""
    if isinstance(error, RoundLimitError):
        return "stopped: the model called tools in too many rounds; -c continues"
    root: BaseException = error
    while cause := root.__cause__ or root.__context__:
        root = cause
    text = _problems(error) or str(error) or type(error).__name__
    if isinstance(error, StreamConnectionError) and str(root) not in text:
        text = f"{text.rstrip('.')}: {root}"
    keys = [registration.api_key for registration in BUILT_IN.values()]
    return redacted(text, [key for key in keys if len(key) >= SHORTEST_KEY])


def _problems(error: BaseException) -> str:
    """Return why a response does not fit its schema."""
    if not isinstance(error, ValidationError) or isinstance(error, MirascopeError):
        return ""
    problems = [
        f"{'.'.join(map(str, each['loc'])) or 'the JSON'}: {each['msg']}"
        for each in error.errors(include_input=False, include_url=False)
    ]
    return f"the response does not match the schema: {'; '.join(problems)}"
