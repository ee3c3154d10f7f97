"""The options of a call that do not decide of what kind its answer is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Literal, TypeAlias, TypedDict, cast, get_args

from typing_extensions import TypeVar, override

from mirascope.core._calls.call_params import CommonCallParams
from mirascope.core._calls.default_clients import AsyncClientT, ClientT
from mirascope.core._engine.timeout import Timeout
from mirascope.core._errors.retry import RetryHook
from mirascope.core._wire.accumulator import Keep

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
    keep: Keep
    local_files: bool | None


class PicklableOptions(dict[str, object]):
    """The options that a call is given; they can be pickled unless a client is among them."""

    @override
    def __reduce__(self) -> tuple[object, ...]:
        if self.get("client") is not None:
            raise TypeError(
                "a function that is given `client=` cannot be pickled, because the connections of"
                " a client cannot leave their process: leave `client` out, so that one is made of"
                ' the environment where the function runs, or return {"client": ...} from it'
            )
        return PicklableOptions, (dict(self),)


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
    retries = options.get("max_retries")
    if retries is not None and (not isinstance(retries, int) or retries < 0):
        raise ValueError(f"`max_retries` is {retries!r}; it has to be 0 or more, or None")
    if not isinstance(allowed := options.get("local_files"), bool | None):
        raise TypeError(f"`local_files` is {allowed!r}; it has to be True, False or None")
    for name, kind in (("on_interrupt", OnInterrupt), ("keep", Keep)):
        choices = get_args(kind)
        if options.get(name, choices[0]) not in choices:
            told = ", ".join(f'"{choice}"' for choice in choices)
            raise ValueError(f"`{name}` is {options[name]!r}; it has to be one of {told}")
