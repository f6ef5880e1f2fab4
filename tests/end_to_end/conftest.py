"""A hub with a partner and its administrators; each test starts the servers that it needs."""

import pytest

from tests.app_state import Hub


@pytest.fixture
def hub(mongo_uri: str, database_name: str) -> Hub:
    """Not serving yet: `with hub.serving():` starts a process."""
    made = Hub(mongo_uri, database_name)
    made.make_partner()
    return made
