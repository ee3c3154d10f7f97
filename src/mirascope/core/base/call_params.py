"""The call parameters that every provider has."""

from mirascope.core._calls.call_params import BaseCallParams, CommonCallParams

__all__ = ["BaseCallParams", "CommonCallParams"]
