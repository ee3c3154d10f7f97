"""What a call costs, by the price list of ``genai-prices``, which is an extra.

The list is the one that the package ships: nothing is fetched. It is loaded when a cost is first
asked for. What cannot be known (the package is not installed, the model is not on the list, no
usage was told, or one that cannot be) is ``None``, never an error.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


@cache
def _prices() -> ModuleType | None:
    try:
        import genai_prices  # noqa: PLC0415  # on first use
    except ImportError:
        return None
    return genai_prices
