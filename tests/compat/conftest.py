from support.fixtures import case, driver, known_authority, server, trust

__all__ = ["case", "driver", "known_authority", "server", "trust"]
