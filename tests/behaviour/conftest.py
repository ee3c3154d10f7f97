from support.fixtures import case, driver, frozen, known_authority, server, trust

__all__ = ["case", "driver", "frozen", "known_authority", "server", "trust"]
