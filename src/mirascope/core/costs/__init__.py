"""The cost of calls."""

from mirascope.core.costs.calculate_cost import calculate_cost

__all__ = ["calculate_cost"]
