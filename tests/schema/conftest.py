"""A real server in this process, so that a test can watch its commands on the way to the database."""

from collections.abc import Iterator

import pytest

from tests.api_server import Api, serving


@pytest.fixture
def api(mongo_uri: str, database_name: str) -> Iterator[Api]:
    """The API over the test's own database, with one partner in it."""
    with serving(mongo_uri, database_name) as api:
        yield api
