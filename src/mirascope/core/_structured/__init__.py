"""Partial values: the value of a pydantic model while its JSON is being received.

This imports pydantic and `_wire`. Begin with `partial_value`: it parses the JSON into `frames`;
`plans` compiles annotations for that, and `partial_types` makes the classes of incomplete values.
"""
