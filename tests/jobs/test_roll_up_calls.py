"""The job roll_up_calls: which weeks it takes, killed at any command, in several processes, and by the command."""

import asyncio
import os
import signal
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from domain.time.weeks import WEEK, latest_completed_week, week_of
from jobs.loop import JOBS, Job, JobLoop
from jobs.roll_up_calls import roll_up_calls, roll_up_calls_now
from store.calling.due_weeks import find_due_weeks
from store.calling.roll_up import roll_up_week
from store.calling.sums import COLLECTION
from store.calling.weeks import CALL_WEEKS
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.partners import Partners
from tests.forked_command import FORKSERVER
from tests.server_process import ServerHarness
from tests.store.calling.factory_calls import call, call_series, put_calls

JOB = "roll_up_calls"


@pytest.fixture
def scope(client: Client) -> Scope:
    return Scope(client, "acme", utc_now())


async def counted(scope: Scope) -> dict[Any, int]:
    """The calls of each week by the sums that count."""
    states = await scope.collection(CALL_WEEKS).find({**scope.match(), "roll_up_id": {"$type": "string"}})
    counts: dict[Any, int] = {}
    for state in states:
        sums = {**scope.match(), "week": state["week"], "roll_up_id": state["roll_up_id"]}
        counts[state["week"]] = sum([one["calls"] for one in await scope.collection(COLLECTION).find(sums)])
    return counts


async def test_rolls_up_the_weeks_that_have_ended(scope: Scope) -> None:
    latest = latest_completed_week(utc_now())
    weeks = [latest - back * WEEK for back in range(9)]
    await put_calls(scope, [call("cus_a", week) for week in weeks])
    await put_calls(Scope(scope.client, "other", scope.now), [call("cus_b", latest)])
    await put_calls(scope, [call("cus_a", week_of(utc_now()))])
    assert await roll_up_calls(scope.client) == 10
    assert await counted(scope) == dict.fromkeys(weeks, 1)
    assert await roll_up_calls(scope.client) == 0
    await put_calls(scope, [call("cus_a", weeks[3])])
    # What changed this moment may change again: the loop waits a little, the command line does not.
    assert await roll_up_calls(scope.client) == 0
    assert await roll_up_calls_now(scope.client) == 1
    assert await counted(scope) == dict.fromkeys(weeks, 1) | {weeks[3]: 2}


class KillAt(CommandListener):
    """Cancels a task as its n-th command begins, as a process dies between two lines."""

    def __init__(self) -> None:
        self.left = -1
        self.task: asyncio.Task[Any] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    def started(self, _event: CommandStartedEvent) -> None:
        self.left -= 1
        if self.left == 0 and self.task is not None and self.loop is not None:
            self.loop.call_soon_threadsafe(self.task.cancel)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Only beginnings count."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Only beginnings count."""


async def test_killed_at_any_command_it_leaves_the_old_sums_or_the_new_ones(
    mongo_uri: str, database_name: str, scope: Scope
) -> None:
    killer = KillAt()
    killer.loop = asyncio.get_running_loop()
    mortal = Scope(Client(mongo_uri, database_name, event_listeners=[killer]), "acme", scope.now)
    week = latest_completed_week(scope.now)
    await put_calls(scope, [call(f"cus_{number}", week) for number in range(3)])
    await roll_up_week(scope, week)
    size, is_dead, commands = 3, True, 0
    while is_dead:
        commands += 1
        await put_calls(scope, [call("cus_0", week)])
        before, size = size, size + 1
        task = asyncio.create_task(roll_up_week(mortal, week, 1))
        killer.task, killer.left = task, commands
        await asyncio.wait([task])
        is_dead = task.cancelled()
        assert await counted(scope) in ({week: before}, {week: size})
        # The command that was given up may still run in the database and overtake the next roll-up: then comes another.
        async with asyncio.timeout(20):
            while await counted(scope) != {week: size}:
                await roll_up_calls_now(scope.client)
    # begin, two lists of slices, four questions a slice, totals, finish
    assert commands >= 1 + 2 + 3 * 4 + 2
    await mortal.client.close()


def roll_up_for_ever(uri: str, database: str) -> None:
    """One server process as far as this job is concerned."""

    async def work() -> None:
        client = Client(uri, database)
        while True:
            await roll_up_calls_now(client)

    asyncio.run(work())


def _started(uri: str, database: str) -> BaseProcess:
    process = FORKSERVER.Process(target=roll_up_for_ever, args=(uri, database), daemon=True)
    process.start()
    return process


async def test_killed_processes_and_running_imports_end_with_the_right_sums(
    mongo_uri: str, database_name: str, scope: Scope
) -> None:
    week = latest_completed_week(scope.now)
    workers = [_started(mongo_uri, database_name) for _ in range(2)]
    delivered = 0
    for number in range(12):
        await put_calls(scope, call_series("cus_a", week, 50, user_id=f"u-{number}"))
        delivered += 50
        # Whoever is at it dies once it has rolled up something, wherever it is by then.
        if number % 4 == 3:
            while not await counted(scope):
                await asyncio.sleep(0.01)
            dying = workers.pop(0)
            assert dying.pid is not None
            os.kill(dying.pid, signal.SIGKILL)
            dying.join()
            workers.append(_started(mongo_uri, database_name))
    while await find_due_weeks(scope.client, utc_now(), 1):
        await asyncio.sleep(0.01)
    for worker in workers:
        worker.kill()
        worker.join()
    assert await counted(scope) == {week: delivered}


async def test_a_failure_of_one_partner_does_not_stop_the_others(scope: Scope) -> None:
    latest = latest_completed_week(utc_now())
    await put_calls(scope, [call("cus_a", latest)])
    broken = Scope(scope.client, "aaa", scope.now)
    await put_calls(broken, [call("cus_b", latest)])
    # A row that no import writes stops the sums.
    await scope.collection("calls").update_one(broken.match(), {"$set": {"endpoint": 7}})
    with pytest.raises(ExceptionGroup):
        await roll_up_calls(scope.client)
    assert await counted(scope) == {latest: 1}
    assert [due.partner_id for due in await find_due_weeks(scope.client, utc_now(), 9)] == ["aaa"]


async def test_the_loop_runs_it_under_a_lease(scope: Scope) -> None:
    week = latest_completed_week(scope.now)
    await put_calls(scope, [call("cus_a", week)])
    (job,) = [job for job in JOBS if job.name == JOB]
    assert job == Job(JOB, roll_up_calls, 1.0, run_now=roll_up_calls_now)
    assert job.is_leased
    loops = [JobLoop(scope.client, [job]) for _ in range(2)]
    for loop in loops:
        loop.start()
    while await counted(scope) != {week: 1}:
        await asyncio.sleep(0.01)
    for loop in loops:
        await loop.stop()


async def test_the_command_line_runs_it(mongo_uri: str, database_name: str, scope: Scope) -> None:
    await Partners(scope).create("Acme", [])
    latest = latest_completed_week(scope.now)
    await put_calls(scope, [call("cus_a", latest), call("cus_a", latest + WEEK - timedelta(milliseconds=1))])
    await roll_up_calls(scope.client)
    await put_calls(scope, [call("cus_a", latest - WEEK), call("cus_a", latest)])
    harness = ServerHarness(mongo_uri, database_name)
    ran = await asyncio.to_thread(harness.command, "jobs", "run", JOB)
    assert (ran.returncode, ran.stdout) == (0, f"{JOB}: 2 done\n")
    assert await counted(scope) == {latest - WEEK: 1, latest: 3}
