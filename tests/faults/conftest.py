"""Deployments and figures for the fault tests, and the table of figures at the end of a run in one process."""

from collections.abc import Iterator

import pytest

from tests.faults.deployment import Deployment, running_deployment
from tests.faults.figures import FIGURES, figures, machine
from tests.faults.replica_set import ReplicaSet, running_replica_set

__all__ = ["figures"]


@pytest.fixture(scope="module")
def deployment(mongo_uri: str) -> Iterator[Deployment]:
    """Yield a partner and a server on the shared database, to which no test applies faults."""
    with running_deployment(mongo_uri) as made:
        yield made


@pytest.fixture(scope="module")
def replica_set() -> Iterator[ReplicaSet]:
    """Yield a replica set of three members for the faults of one module."""
    with running_replica_set() as made:
        yield made


@pytest.fixture(scope="module")
def replica_set_deployment(replica_set: ReplicaSet) -> Iterator[Deployment]:
    """Yield a partner and a server on the replica set."""
    with running_deployment(replica_set.uri) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table for docs/reliability.md."""
    if FIGURES.recorded:
        terminalreporter.write_sep("-", "figures of the faults")
        terminalreporter.write_line(machine())
        for row in FIGURES.table():
            terminalreporter.write_line(row)
