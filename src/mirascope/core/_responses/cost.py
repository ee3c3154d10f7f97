"""What a call costs, by the price list of ``genai-prices``, which is an extra.

The list is the one that the package ships: nothing is fetched. It is loaded when a cost is first
asked for. What cannot be known (the package is not installed, the model is not on the list, no
usage was told, or one that cannot be) is ``None``, never an error.
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
        tokens: What is billed.
        at: When the call began, in milliseconds since the epoch; 0 for now.
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
        begun = datetime.fromtimestamp(at / 1000, UTC) if at else None
        price = prices.calc_price(usage, model, provider_id=provider, genai_request_timestamp=begun)
    except (LookupError, OverflowError, ValueError):
        return None
    return float(price.total_price)


def calculate_cost(
    provider: Provider, model: str, metadata: CostMetadata | None = None
) -> float | None:
    """Return the cost of a call in US dollars, by the list prices that the extra ``cost`` brings.

    Only tokens are priced: images, audio and the like as far as ``input_tokens`` counts them.

    Args:
        provider: The provider's name.
        model: The model's name.
        metadata: What the call used. A ``cost`` in it is returned as it is.

    Returns:
        ``None`` if the cost cannot be known: the extra is not installed, the model is not on the
        list, a number of tokens is missing, or the call was one of a batch or of a realtime API,
        which have other prices.

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
