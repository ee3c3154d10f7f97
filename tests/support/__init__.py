"""What tests stand on: servers, the providers as seen on the wire, recordings and ways to read.

- `loopback` is the server: a response is a script of bytes and faults; `relay` is a proxy or TLS.
- `cases` drives a stream sync and async, and says what a provider's `Case` holds; `providers` has
  one for each. `scripts` and `responses` write responses with tool calls.
- `fixtures` are ``case``, ``driver`` and ``server``, which a folder's ``conftest.py`` imports.
- `in_memory` needs no connection and no SDK.
"""
