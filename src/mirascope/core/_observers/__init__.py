"""Observers of calls: what tracing and logging get to know, without the caller's help.

May import `_responses` and the rooms below it; knows no provider and no tracing library.
Begin with `observation.py`; `registry.py` has the observers, and `call_log.py` is one of them.
"""
