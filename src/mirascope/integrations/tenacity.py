"""The former path in v1 of `mirascope.retries.tenacity`."""

from mirascope.retries.tenacity import collect_errors

__all__ = ["collect_errors"]
