"""One real server in this process for the whole folder; each test has partners of its own on it."""

from collections.abc import Iterator

import pytest

from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases


@pytest.fixture(scope="package")
def shared_server(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    """The API over a database of its own."""
    with running_shared_api(prepared_databases) as api:
        yield api


@pytest.fixture
def api(shared_server: ApiHarness) -> ApiHarness:
    """The API with a new partner, and another beside it."""
    return shared_server.with_new_partners()
