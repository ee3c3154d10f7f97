"""Responses: the result of a call, the chunks of a stream, and response models read from them.

This imports `_tools`, `_prompts` and the rooms below those; it knows no provider and does no I/O.
Begin with `call_response`; `call_response_chunk` is the item of a stream.
"""
