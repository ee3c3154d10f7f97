"""Where v1 has the function of this name."""

from mirascope.core._responses.cost import calculate_cost

__all__ = ["calculate_cost"]
