"""Partial values: the value of a pydantic model while its JSON is being received.

This imports pydantic and `mirascope.core._wire`, nothing else of the package. Begin with `growing`:
it reads the JSON into `frames`; `plans` works out how each annotation is shown and validated, and
`partial_types` makes the classes of the values that are not complete.
"""
