from support.fixtures import case, driver, server

__all__ = ["case", "driver", "server"]

collect_ignore = ["on_httpx.py"]  # to look into it for examples would be to use it
