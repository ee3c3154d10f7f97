"""The cost of a call, by the price list of ``genai-prices``, an optional dependency.

The price list is part of that package: nothing is fetched. It is loaded on first use. An unknown
cost (the package is not installed, the model is not on the list, the usage is not reported or is
implausible) is ``None``, never an error.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from types import ModuleType
from typing import get_args

from mirascope.core._types import CostMetadata, Provider
from mirascope.core._wire.events import TokenCounts


def cost_of(
    provider: str, model: str | None, tokens: TokenCounts | None, at: float
) -> float | None:
    """Return a cost in US dollars.

    Args:
        provider: The provider's name.
        model: The model's name.
        tokens: The billed tokens.
        at: The start of the call, in milliseconds since the epoch; 0 for now.
    """
    prices = _prices()
    if prices is None or not model or tokens is None or None in (tokens.input, tokens.output):
        return None
    try:
        usage = prices.Usage(
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            cache_read_tokens=tokens.cached,
            cache_write_tokens=tokens.written,
        )
        start = datetime.fromtimestamp(at / 1000, UTC) if at else None
        seller = provider.removesuffix("_responses")  # each API has the same prices
        price = prices.calc_price(usage, model, provider_id=seller, genai_request_timestamp=start)
    except (LookupError, OverflowError, ValueError):
        return None
    return float(price.total_price)


def calculate_cost(
    provider: Provider, model: str, metadata: CostMetadata | None = None
) -> float | None:
    """Return the cost of a call in US dollars, by the list prices of the extra ``cost``.

    Only tokens have a price. Images, audio and the like count as far as ``input_tokens`` includes
    them.

    Args:
        provider (str): The name of the provider.
        model (str): The name of the model.
        metadata (CostMetadata | None): The usage of the call. If its ``cost`` is set, that is
            returned.

    Returns:
        The cost; ``None`` if it is unknown: the extra is not installed, the model is not on the
        list, a token count is missing, or the call used a batch or realtime API, which has other
        prices.

    Raises:
        ValueError: There is no such provider.

    Example:
        >>> calculate_cost("openai", "gpt-4o", CostMetadata(cost=0.5))
        0.5
    """
    if provider not in get_args(Provider):
        known = ", ".join(get_args(Provider))
        raise ValueError(f"there are no prices for the provider {provider!r}, only for: {known}")
    used = metadata or CostMetadata()
    if used.cost is not None or used.batch_mode or used.realtime_mode:
        return used.cost
    if used.input_tokens is None or used.output_tokens is None:
        return None
    tokens = TokenCounts(
        int(used.input_tokens), int(used.output_tokens), int(used.cached_tokens or 0)
    )
    return cost_of(provider, model, tokens, 0)


@cache
def _prices() -> ModuleType | None:
    try:
        import genai_prices  # noqa: PLC0415  # on first use
    except ImportError:
        return None
    return genai_prices
