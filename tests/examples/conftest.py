from support.fixtures import frozen

__all__ = ["frozen"]
