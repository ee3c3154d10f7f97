"""Watching calls: for logs, traces and the like."""

from mirascope.integrations._middleware import middleware_factory

__all__ = ["middleware_factory"]
