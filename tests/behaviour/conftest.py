from support.fixtures import case, driver, server

__all__ = ["case", "driver", "server"]
