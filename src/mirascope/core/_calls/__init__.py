"""One call: from a decorated function to a request that is sent through a provider's SDK.

Imports what lies below: the engine, responses, prompts, tools and errors; no provider, no SDK.
Begin with `provider.py`, the description of a provider, then `decorator.py`.
"""
