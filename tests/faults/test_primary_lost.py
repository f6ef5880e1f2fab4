"""The primary is killed, stepped down, stopped or hung under load: nothing is lost, and service resumes soon."""

import asyncio
import signal
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from tests.faults.deployment import Deployment, running_workload
from tests.faults.figures import Figures
from tests.faults.replica_set import ReplicaSet
from tests.faults.scale import ELECTION_SECONDS, IS_LONG, scaled
from tests.faults.subscribers import wait_until

SUBSCRIBERS, PER_SECOND, WRITERS = scaled(5, 20), scaled(30, 200), scaled(10, 60)
MAX_REQUEST_SECONDS = 10.0


class Faults:
    """Runs one fault after the other, each under load."""

    def __init__(self, deployment: Deployment, replica_set: ReplicaSet, figures: Figures) -> None:
        self._deployment, self._replica_set, self._figures = deployment, replica_set, figures

    async def check_fault(self, name: str, fault: Callable[[], Any], gap: float | None, beyond: float = 0) -> None:
        """Run a fault; no subscriber may wait longer than the gap, or than the election plus a margin."""
        old = self._replica_set.primary()
        async with running_workload(self._deployment, SUBSCRIBERS, PER_SECOND, WRITERS) as workload:
            begun = monotonic()
            electing = asyncio.create_task(asyncio.to_thread(self._replica_set.successor, old))
            await asyncio.to_thread(fault)
            elected = await electing - begun
            # The service has resumed when every writer got a response and every subscriber its event.
            count = workload.writers.count
            await wait_until(lambda: workload.writers.count > count + PER_SECOND, 60)
        await workload.check(name, self._figures)
        silence = workload.longest_gap(begun, workload.writers.acknowledged_at[-1])
        self._figures.record(name, "another primary after", elected, None, "s")
        limit = max(elected, ELECTION_SECONDS) + beyond if beyond else gap
        self._figures.record(name, "longest silence of a subscriber", silence, limit, "s")
        self._figures.record(name, "longest request", max(workload.writers.request_seconds), MAX_REQUEST_SECONDS, "s")
        await workload.stop_subscribers()


@pytest.fixture
def faults(replica_set_deployment: Deployment, replica_set: ReplicaSet, figures: Figures) -> Faults:
    return Faults(replica_set_deployment, replica_set, figures)


async def test_the_primary_is_killed(faults: Faults, replica_set: ReplicaSet) -> None:
    primary = replica_set.primary()
    await faults.check_fault("Primary killed", lambda: replica_set.stop_member(primary, signal.SIGKILL), None, beyond=2)
    primary.launch()
    await asyncio.to_thread(replica_set.settle)


async def test_the_primary_steps_down(faults: Faults, replica_set: ReplicaSet) -> None:
    await faults.check_fault("Primary stepped down", replica_set.step_down, 5)
    await asyncio.to_thread(replica_set.settle)


async def test_the_primary_is_stopped(faults: Faults, replica_set: ReplicaSet) -> None:
    primary = replica_set.primary()
    await faults.check_fault("Primary stopped (SIGTERM)", lambda: primary.send(signal.SIGTERM), 5)
    await asyncio.to_thread(replica_set.stop_member, primary, signal.SIGTERM)
    primary.launch()
    await asyncio.to_thread(replica_set.settle)


async def test_the_primary_hangs(faults: Faults, replica_set: ReplicaSet) -> None:
    """The new primary waits for the heartbeat of the hung one once more: 4 s of election timeout become 8 s."""
    election = 4 if IS_LONG else 2
    replica_set.set_election_timeout(election)
    primary = replica_set.primary()
    name = f"Primary hung (SIGSTOP), electionTimeoutMillis {election},000"
    try:
        await faults.check_fault(name, lambda: primary.send(signal.SIGSTOP), 12)
    finally:
        primary.send(signal.SIGCONT)
    await asyncio.to_thread(replica_set.settle)
