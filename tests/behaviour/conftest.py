from support.fixtures import case, driver, frozen, known_authority, server, trust
from support.http_clients import asynchronous, authority, client, http, tls, trusted

__all__ = [
    "asynchronous",
    "authority",
    "case",
    "client",
    "driver",
    "frozen",
    "http",
    "known_authority",
    "server",
    "tls",
    "trust",
    "trusted",
]
