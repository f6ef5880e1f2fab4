"""What the tests of faults share: their worlds, the figures, and their table at the end of a run in one process."""

from collections.abc import Iterator

import pytest

from tests.faults.figures import FIGURES, figures, machine
from tests.faults.replica_set import ReplicaSet, running_replica_set
from tests.faults.world import Deployment, running_deployment

__all__ = ["figures"]


@pytest.fixture(scope="module")
def deployment(mongo_uri: str) -> Iterator[Deployment]:
    """A partner and a server on the database that all tests share, which nobody mistreats."""
    with running_deployment(mongo_uri) as made:
        yield made


@pytest.fixture(scope="module")
def replica_set() -> Iterator[ReplicaSet]:
    """Three members of the module's own, to be mistreated."""
    with running_replica_set() as made:
        yield made


@pytest.fixture(scope="module")
def replica_set_deployment(replica_set: ReplicaSet) -> Iterator[Deployment]:
    """A partner and a server on these three."""
    with running_deployment(replica_set.uri) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table that docs/reliability.md shows."""
    if FIGURES.recorded:
        terminalreporter.write_sep("-", "figures of the faults")
        terminalreporter.write_line(machine())
        for row in FIGURES.table():
            terminalreporter.write_line(row)
