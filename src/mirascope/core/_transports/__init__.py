"""Faster HTTP transports for default clients: sync on ``http.client``, async on h11.

May import `_calls` and the rooms below it; the HTTP library (``httpx``, ``httpx2``) is a parameter.
Begin with `sync_transport.py` and `async_transport.py`, whose functions make HTTP clients.
"""
