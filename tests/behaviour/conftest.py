from support.fixtures import case, driver, frozen, known_authority, server, trust
from support.http_clients import asynchronous, client, http

__all__ = [
    "asynchronous",
    "case",
    "client",
    "driver",
    "frozen",
    "http",
    "known_authority",
    "server",
    "trust",
]
