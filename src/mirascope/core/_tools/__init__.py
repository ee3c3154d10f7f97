"""Tools: from signatures, docstrings and models to the classes whose instances are tool calls.

This imports pydantic, `_structured`, `_errors` and the rooms below those; it knows no provider.
Begin with `tool`; `tool_types` reads the option ``tools``, `tool_calls` builds received calls.
"""
