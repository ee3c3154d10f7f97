"""One streamed response: sources, items, lifecycle, deadlines, decompression.

May import `_responses` and the rooms below it; knows no SDK and no provider.
Begin with `stream.py`, whose docstring names the parts; `source.py` is where bytes come from.
"""
