"""What every test may ask for: a real MongoDB, and a database of its own in it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient

from tests.mongod import temporary_replica_set

# A deadline and the check for slow data measure the machine's other work, not ours.
settings.register_profile("partnerhub", max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("partnerhub")


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    """One real mongod, a replica set of one member, for each xdist worker."""
    with temporary_replica_set() as (mongod,):
        yield mongod.uri


@pytest.fixture(scope="session")
def _dropping_client(mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    # One client for all droppings: opening one for each test costs more than the drop itself.
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        yield client


@pytest.fixture
def database_name(_dropping_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """A name that no other test has; its database is dropped afterwards."""
    name = f"test_{uuid4().hex[:16]}"
    yield name
    _dropping_client.drop_database(name)
