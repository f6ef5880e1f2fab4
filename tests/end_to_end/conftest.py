"""A database with a partner and its administrators; each test starts the servers that it needs."""

import pytest

from tests.server_process import ServerHarness


@pytest.fixture
def harness(mongo_uri: str, database_name: str) -> ServerHarness:
    """Return a harness without a server; `with harness.start_server():` starts one."""
    harness = ServerHarness(mongo_uri, database_name)
    harness.make_partner()
    return harness
