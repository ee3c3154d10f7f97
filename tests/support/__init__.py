"""What tests stand on: servers, the providers as seen on the wire, recordings and ways to read.

- The server is `mirascope.testing.loopback`: a response is a script of bytes and faults; `relay` is
  a proxy or TLS.
- `cases` has the `Case` of a built-in provider, beyond that of `mirascope.testing.conformance`;
  `providers` has one for each. `responses` writes responses in small pieces.
- `fixtures` are ``case``, ``driver`` and ``server``, which a folder's ``conftest.py`` imports.
- `in_memory` needs no connection and no SDK.
"""
