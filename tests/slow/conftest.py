from support.fixtures import case, driver, frozen, server

__all__ = ["case", "driver", "frozen", "server"]
