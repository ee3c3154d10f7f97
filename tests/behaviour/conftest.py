from support.fixtures import case_or_cloud, driver, frozen, known_authority, server, trust

case = case_or_cloud

__all__ = ["case", "driver", "frozen", "known_authority", "server", "trust"]
