"""The function at the path that v1 documents."""

from mirascope.core._responses.cost import calculate_cost

__all__ = ["calculate_cost"]
