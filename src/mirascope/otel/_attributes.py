"""The attributes of a call's span, without its content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from mirascope.core._observers.observation import AnyResponse, Call
from mirascope.otel import _names as names

Value: TypeAlias = str | bool | int | float | list[str]
Attributes: TypeAlias = dict[str, Value]


def identity(call: Call) -> Attributes:
    """Return the attributes that spans and metrics have in common."""
    return {
        names.OPERATION: names.CHAT,
        names.PROVIDER: names.PROVIDERS.get(call.provider_name, call.provider_name),
        names.REQUEST_MODEL: call.model,
    }


def request_attributes(call: Call) -> Attributes:
    """Return the attributes of a span at its start."""
    attributes = identity(call)
    if call.streaming:
        attributes[names.REQUEST_STREAM] = True
    if call.requests_json:
        attributes[names.OUTPUT_TYPE] = "json"
    for name, value in _params(call.params):
        if name in names.REQUEST_PARAMS and (recorded := _recorded(name, value)) is not None:
            attributes[names.REQUEST_PARAMS[name]] = recorded
    return attributes


def _params(params: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield call parameters; those at the top come last, and so take precedence."""
    for name in names.NESTED_PARAMS:
        if isinstance(nested := params.get(name), Mapping):
            yield from cast("Mapping[str, object]", nested).items()
    yield from params.items()


def _recorded(name: str, value: object) -> Value | None:
    if name.startswith("stop"):
        value = [value] if isinstance(value, str) else value
        is_list = isinstance(value, Sequence)
        return [str(each) for each in cast("Sequence[object]", value)] if is_list else None
    return value if isinstance(value, int | float) else None


def response_attributes(response: AnyResponse, time_to_first_chunk: float | None) -> Attributes:
    """Return the attributes of what was received; what the provider did not report is left out."""
    reasons = response.common_finish_reasons or response.finish_reasons
    attributes: dict[str, Value | None] = {
        names.RESPONSE_ID: response.id,
        names.RESPONSE_MODEL: response.model,
        names.FINISH_REASONS: [*reasons] if reasons else None,
        names.INPUT_TOKENS: response.input_tokens,
        names.OUTPUT_TOKENS: response.output_tokens,
        names.CACHE_READ_TOKENS: response.cached_tokens or None,
        names.TIME_TO_FIRST_CHUNK: time_to_first_chunk,
        **dict.fromkeys((names.COST, *names.READ_COST), response.cost),
    }
    return {name: value for name, value in attributes.items() if value is not None}
