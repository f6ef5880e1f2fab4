"""A hub with a partner and its administrators; each test starts the servers that it needs."""

import pytest

from tests.server_process import ServerHarness


@pytest.fixture
def harness(mongo_uri: str, database_name: str) -> ServerHarness:
    """Not serving yet: `with harness.start_server():` starts a process."""
    made = ServerHarness(mongo_uri, database_name)
    made.make_partner()
    return made
