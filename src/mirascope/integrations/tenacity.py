"""Where v1 first had what is now `mirascope.retries.tenacity`."""

from mirascope.retries.tenacity import collect_errors

__all__ = ["collect_errors"]
