"""The options of a call that do not decide of what kind its answer is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Literal, TypeAlias, TypedDict, cast, get_args

from typing_extensions import TypeVar

from mirascope.core.base._clients import AsyncClientT, ClientT
from mirascope.core.base._retry import RetryHook
from mirascope.core.base.call_params import CommonCallParams
from mirascope.core.base.timeout import Timeout

ParamsT = TypeVar("ParamsT")

OnInterrupt: TypeAlias = Literal["raise", "restart"]
"""What becomes of a stream that fails after content has come."""


class CallOptions(TypedDict, Generic[ClientT, AsyncClientT, ParamsT], total=False):
    """The options of every call; see a provider's ``call``."""

    json_mode: bool
    client: ClientT | AsyncClientT | None
    call_params: ParamsT | CommonCallParams | None
    max_retries: int | None
    timeout: float | Timeout | None
    on_retry: RetryHook | None
    on_interrupt: OnInterrupt


def check(options: Mapping[str, object]) -> None:
    """Check the options of a call.

    Raises:
        TypeError: There is no such option, or it is of another type.
        ValueError: There is no such choice.
    """
    known = CallOptions.__annotations__
    for name in options.keys() - known:
        raise TypeError(f"a call has no option {name!r}; it has: {', '.join(sorted(known))}")
    Timeout.of(cast("float | Timeout | None", options.get("timeout")))
    retries, interrupt = options.get("max_retries"), options.get("on_interrupt", "raise")
    if retries is not None and (not isinstance(retries, int) or retries < 0):
        raise ValueError(f"`max_retries` is {retries!r}; it has to be 0 or more, or None")
    if interrupt not in get_args(OnInterrupt):
        raise ValueError(f'`on_interrupt` is {interrupt!r}; it has to be "raise" or "restart"')
