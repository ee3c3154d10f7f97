"""Fields of a response model whose values come from the call's arguments."""

from mirascope.core._responses.from_call_args import FromCallArgs, is_from_call_args

__all__ = ["FromCallArgs", "is_from_call_args"]
