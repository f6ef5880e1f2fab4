"""Each test of the feed has a new database, because a change stream would show the events of earlier tests."""

import pytest


@pytest.fixture
def database_name(new_database: str) -> str:
    """Return the name of a database that does not exist yet."""
    return new_database
