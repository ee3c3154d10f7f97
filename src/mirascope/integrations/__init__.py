"""Instrumentation of calls, for logging and tracing.

May import everything but `local` and the CLI.
Begin with `middleware_factory` in `_middleware.py`.
"""

from mirascope.integrations._middleware import middleware_factory

__all__ = ["middleware_factory"]
