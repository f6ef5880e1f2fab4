"""Fixtures for all tests: a real MongoDB for each worker, and a database in it for each test."""

import gc
import os
from collections.abc import Generator, Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog
from hypothesis import HealthCheck, settings
from pymongo import MongoClient

from server.gc_tuning import pause_gc, tune_gc
from tests.mongod import temporary_replica_set
from tests.prepared_database import PreparedDatabases, abort_left_transactions
from tests.rewritten_tests import rewrite_test_modules
from tests.start_order import start_with_long_tests

# A deadline and the check for slow data would measure the other work of the machine.
settings.register_profile("partnerhub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Ten times the examples: pytest --hypothesis-profile=thorough.
settings.register_profile("thorough", settings.get_profile("partnerhub"), max_examples=1_000)
settings.load_profile("partnerhub")
# Where rich is installed, structlog prints every local variable of a traceback: 5 to 36 s on a busy machine, in which
# the server of a test answers nothing.
_renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _renderer])
# Imports and the collection of the tests create only what stays: to look for garbage took a tenth of their time.
pause_gc()


def pytest_configure(config: pytest.Config) -> None:
    """Rewrite the test modules of a new clone; see rewritten_tests.py."""
    rewrite_test_modules(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return two workers for each processor: many tests wait for other processes and for timeouts."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the long tests: one that starts last would leave the other processors idle."""
    start_with_long_tests(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Exclude the tests and modules from the garbage collector: to walk through them took 7 % of a run."""
    try:
        return (yield)
    finally:
        tune_gc()


def fail_if_required(report: pytest.TestReport) -> None:
    """Make a skipped test a failure where all clients are required: CI must notice that a program is missing."""
    is_skipped = report.skipped and not hasattr(report, "wasxfail")
    if is_skipped and os.environ.get("PARTNERHUB_REQUIRE_CLIENTS") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (PARTNERHUB_REQUIRE_CLIENTS=1: no test may be skipped.)"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report the phases of a test; see fail_if_required."""
    report = yield
    fail_if_required(report)
    return report


@pytest.fixture
def gc_disabled() -> Iterator[None]:
    """Free objects only by reference counting, as in a server between two collections."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    """Yield the address of a real mongod, a replica set of one member; each xdist worker has its own."""
    # No test kills this one. So its clients need not be told at once how it is: the second connection for that takes a
    # third of the processor time of a client that lives for one test. The clients of tests/faults have it.
    with temporary_replica_set(is_journaled=False) as (mongod,):
        yield f"{mongod.uri}&serverMonitoringMode=poll"


@pytest.fixture(scope="session")
def _admin_client(mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    # One client for the whole session: to open one for each test costs more than to drop a database.
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        yield client


@pytest.fixture
def new_database(_admin_client: MongoClient[dict[str, Any]], mongo_uri: str) -> Iterator[str]:
    """Yield the name of a database that does not exist yet; drop it after the test."""
    name = f"test_{uuid4().hex[:16]}"
    yield name
    abort_left_transactions(_admin_client, mongo_uri)
    _admin_client.drop_database(name)


@pytest.fixture(scope="session")
def prepared_databases(_admin_client: MongoClient[dict[str, Any]], mongo_uri: str) -> Iterator[PreparedDatabases]:
    """Yield the databases with all collections and indexes, for fixtures of whole modules."""
    databases = PreparedDatabases(_admin_client, mongo_uri)
    yield databases
    databases.drop()


@pytest.fixture(scope="module")
def module_database(prepared_databases: PreparedDatabases) -> Iterator[str]:
    """Yield the name of a prepared database for all tests of a module; see prepared_database."""
    with prepared_databases.lend() as name:
        yield name


@pytest.fixture
def prepared_database(prepared_databases: PreparedDatabases) -> Iterator[str]:
    """Yield the name of an empty database with all collections and indexes.

    Its log and its change streams contain the events of earlier tests: a test that reads the past needs a new database.
    """
    with prepared_databases.lend() as name:
        yield name


@pytest.fixture
def database_name(new_database: str) -> str:
    """Return the name of the test's own database; folders that need no new one override this."""
    return new_database
