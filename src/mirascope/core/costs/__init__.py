"""The cost of calls, at v1's path; the work is in `core/_responses/cost.py`."""

from mirascope.core.costs.calculate_cost import calculate_cost

__all__ = ["calculate_cost"]
