"""The job snapshot_licenses: one snapshot per line and day, by any process; delivered snapshots take precedence."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from domain.entitlements.license_snapshots import start_of_day, sum_by_week
from domain.imports.records import ImportKind
from jobs.loop import JobLoop
from jobs.snapshot_licenses import snapshot_licenses, snapshot_licenses_now
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.snapshots import take_snapshots
from store.migrations import migrate
from tests.domain.imports.factory_records import usage_record
from tests.forked_command import FORKSERVER
from tests.jobs.imports.factory_imports import documents, find_only, import_lines
from tests.jobs.test_roll_up_calls import KillAt
from tests.server_process import ServerHarness
from tests.store.factory_customers import DAY, add_customer, add_customers, partner_scope, subscription, trial

FIGURES = ("total", "assigned", "used")


def today() -> datetime:
    """Midnight before now: a run of all tests may pass the next one."""
    return start_of_day(utc_now())


def yesterday() -> datetime:
    return today() - DAY


async def old_partner(client: Client, *, days_done: int = 2, partner_id: str = "acme") -> Scope:
    """A partner that has been there for long, with snapshots up to a number of days ago."""
    scope = await partner_scope(client, partner_id)
    fields = {"created_at": today() - 100 * DAY, "snapshot_day": today() - days_done * DAY}
    await scope.collection("partners").update_one(scope.match(), {"$set": fields})
    return scope


def licenses(product: str = "MEETINGS", total: int = 10, assigned: int = 5, used: int = 3, **more: Any) -> list[Any]:
    return [{"product": product, "total": total, "assigned": assigned, "used": used, "day": None, **more}]


def usage(number: str, day: datetime, **figures: Any) -> dict[str, Any]:
    return usage_record(number, day=day.date().isoformat(), **figures)


async def taken(scope: Scope) -> dict[tuple[str, datetime], tuple[int, ...]]:
    """The figures of each entitlement's number and day."""
    numbers = {held["_id"]: held["number"] for held in await documents(scope, "entitlements")}
    found = await documents(scope, "license_snapshots")
    return {(numbers[s["entitlement_id"]], s["day"]): tuple(s[name] for name in FIGURES) for s in found}


async def assert_weeks_are_what_the_snapshots_say(scope: Scope) -> None:
    kept = await documents(scope, "license_customer_weeks")
    weeks = sum_by_week(await documents(scope, "license_snapshots"))
    names = ("customer_id", "product", "week")
    assert {tuple(row[name] for name in names): _sums(row) for row in kept} == {
        tuple(key): week.sums for key, week in weeks.items()
    }


def _sums(row: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(row[name] for name in (*FIGURES, "available"))


async def test_takes_one_snapshot_per_line_of_a_running_entitlement(client: Client) -> None:
    scope = await old_partner(client)
    both = licenses() + licenses("CALLING", 4, 9, 9) + licenses("MESSAGING")
    await add_customer(scope, "C-1", subscription("S-1", licenses=both), trial("T-1", licenses=licenses(used=1)))
    await add_customer(scope, "C-2", subscription("S-2", ends_at=today() - 5 * DAY), subscription("S-3", set_up=False))
    assert await snapshot_licenses(client) == 3
    found = await documents(scope, "license_snapshots")
    assert sorted((s["product"], s["assigned"], s["used"]) for s in found) == [
        ("CALLING", 9, 9),
        ("MEETINGS", 5, 1),
        ("MEETINGS", 5, 3),
    ]
    assert {(s["day"], s["by_system"]) for s in found} == {(yesterday(), True)}
    assert await snapshot_licenses(client) == 0
    assert await documents(scope, "license_snapshots") == found
    await assert_weeks_are_what_the_snapshots_say(scope)


async def test_writes_no_event_and_changes_no_customer(client: Client) -> None:
    scope = await old_partner(client)
    await add_customer(scope, "C-1", subscription("S-1"))
    before = [await documents(scope, name) for name in ("customers", "entitlements", "events")]
    assert await snapshot_licenses(client) == 1
    assert [await documents(scope, name) for name in ("customers", "entitlements", "events")] == before


async def test_a_delivered_snapshot_replaces_the_own_one_in_either_order(client: Client) -> None:
    scope = await old_partner(client)
    await add_customer(scope, "C-1", subscription("S-1"), subscription("S-2"))
    await import_lines(scope, ImportKind.LICENSE_USAGE, usage("S-1", yesterday(), assigned=8, used=8))
    assert await snapshot_licenses(client) == 1
    late = await import_lines(scope, ImportKind.LICENSE_USAGE, usage("S-2", yesterday(), assigned=9, used=1))
    assert late.counts == (1, 0, 0, 0)
    assert await taken(scope) == {("S-1", yesterday()): (10, 8, 8), ("S-2", yesterday()): (10, 9, 1)}
    assert not any("by_system" in snapshot for snapshot in await documents(scope, "license_snapshots"))
    again = await import_lines(scope, ImportKind.LICENSE_USAGE, usage("S-2", yesterday(), assigned=9, used=1))
    assert again.counts == (0, 0, 1, 0)
    assert await snapshot_licenses_now(client) == 0
    await assert_weeks_are_what_the_snapshots_say(scope)


async def test_a_delivery_without_a_total_keeps_the_one_that_the_job_took(client: Client) -> None:
    scope = await old_partner(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1"))
    assert await snapshot_licenses(client) == 1
    where = {**scope.match(), "customer_id": id_}
    await scope.collection("entitlements").update_one(where, {"$set": {"licenses": licenses(total=70)}})
    await import_lines(scope, ImportKind.LICENSE_USAGE, usage("S-1", yesterday(), assigned=9, used=1))
    assert await taken(scope) == {("S-1", yesterday()): (10, 9, 1)}


async def test_missed_days_are_taken_with_the_figures_known_then(client: Client) -> None:
    scope = await old_partner(client, days_done=5)
    ended, begun = today() - 1.5 * DAY, today() - 2.5 * DAY
    await add_customer(
        scope, "C-1", subscription("S-1"), subscription("S-2", ends_at=ended), subscription("S-3", starts_at=begun)
    )
    older = usage("S-1", today() - 6 * DAY, assigned=4, used=4)
    await import_lines(scope, ImportKind.LICENSE_USAGE, older, usage("S-1", today() - 2 * DAY, assigned=9, used=9))
    assert await snapshot_licenses(client) == 3 + 2 + 3
    found = await taken(scope)
    of_first = {day: found["S-1", day] for number, day in found if number == "S-1"}
    # What was delivered for a later day was not known before it: the last figures known then stand in.
    assert of_first == {
        today() - 6 * DAY: (10, 4, 4),
        today() - 4 * DAY: (10, 4, 4),
        today() - 3 * DAY: (10, 4, 4),
        today() - 2 * DAY: (10, 9, 9),
        today() - 1 * DAY: (10, 9, 9),
    }
    assert {day for number, day in found if number == "S-2"} == {today() - 4 * DAY, today() - 3 * DAY}
    assert {day for number, day in found if number == "S-3"} == {today() - number * DAY for number in (3, 2, 1)}
    assert (await find_only(scope, "partners"))["snapshot_day"] == yesterday()


async def test_a_new_partner_begins_at_the_next_midnight_or_on_command(client: Client) -> None:
    scope = await partner_scope(client)
    await add_customer(scope, "C-1", subscription("S-1"))
    assert await snapshot_licenses(client) == 0
    assert await snapshot_licenses_now(client) == 1
    assert await snapshot_licenses_now(client) == 0
    assert set(await taken(scope)) == {("S-1", yesterday())}


async def test_a_removed_customer_has_no_snapshots(client: Client) -> None:
    scope = await old_partner(client)
    await add_customer(scope, "C-1", subscription("S-1"), removed_at=today() - 3 * DAY)
    assert await snapshot_licenses(client) == 0
    assert await documents(scope, "license_customer_weeks") == []


@pytest.fixture
async def three_clients(client: Client, mongo_uri: str) -> AsyncIterator[list[Client]]:
    clients = [Client(mongo_uri, client.database_name) for _ in range(3)]
    yield clients
    for opened in clients:
        await opened.close()


async def many(client: Client) -> Scope:
    scope = await old_partner(client)
    both = licenses() + licenses("CALLING")
    await add_customers(scope, ((f"C-{n:03}", [subscription(f"S-{n}", licenses=both)]) for n in range(350)))
    return scope


async def test_concurrent_runs_and_deliveries_give_the_result_of_one_run(
    client: Client, three_clients: list[Client]
) -> None:
    scope = await many(client)
    lines = [usage(f"S-{number}", yesterday(), assigned=7, used=7) for number in range(0, 350, 3)]
    runs = asyncio.gather(*(snapshot_licenses(one) for one in three_clients))
    imported, counts = await asyncio.gather(import_lines(scope, ImportKind.LICENSE_USAGE, *lines), runs)
    assert imported.counts == (len(lines), 0, 0, 0)
    found = await documents(scope, "license_snapshots")
    assert len(found) == 700
    assert sum(counts) <= 700
    delivered = [snapshot for snapshot in found if "by_system" not in snapshot]
    assert len(delivered) == len(lines)
    assert {snapshot["assigned"] for snapshot in delivered} == {7}
    await assert_weeks_are_what_the_snapshots_say(scope)


async def test_the_next_run_finishes_one_that_was_killed(client: Client) -> None:
    scope = await many(client)
    first = asyncio.create_task(snapshot_licenses(client))
    async with asyncio.timeout(20):
        while not await scope.collection("license_snapshots").count(scope.match()):
            await asyncio.sleep(0.001)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    done = await scope.collection("license_snapshots").count(scope.match())
    assert 0 < done < 700
    assert (await find_only(scope, "partners"))["snapshot_day"] < yesterday()
    await assert_weeks_are_what_the_snapshots_say(scope)
    # What was under way may still have been carried out behind the count.
    assert 0 < await snapshot_licenses(client) <= 700 - done
    assert await scope.collection("license_snapshots").count(scope.match()) == 700
    assert (await find_only(scope, "partners"))["snapshot_day"] == yesterday()
    await assert_weeks_are_what_the_snapshots_say(scope)


async def test_killed_at_any_command_it_leaves_a_batch_complete_or_unchanged(
    client: Client, mongo_uri: str, database_name: str
) -> None:
    scope = await old_partner(client)
    ids = [await add_customer(scope, f"C-{number}", subscription(f"S-{number}")) for number in range(3)]
    killer = KillAt()
    killer.loop = asyncio.get_running_loop()
    mortal = Client(mongo_uri, database_name, event_listeners=[killer])
    is_dead, commands = True, 0
    while is_dead:
        commands += 1
        for name in ("license_snapshots", "license_customer_weeks"):
            await scope.collection(name).delete_many(scope.match())
        task = asyncio.create_task(take_snapshots(Scope(mortal, scope.partner_id, utc_now()), ids, yesterday()))
        killer.task, killer.left = task, commands
        await asyncio.wait([task])
        is_dead = task.cancelled()
        # The dead one's last command may still be under way: whoever comes next waits for it.
        await take_snapshots(scope, ids, yesterday())
        assert await scope.collection("license_snapshots").count(scope.match()) == 3
        await assert_weeks_are_what_the_snapshots_say(scope)
    # entitlements, what is taken, snapshots, days of the week, sums, sums again, commit
    assert commands >= 7
    await mortal.close()


def take_for_ever(uri: str, database: str) -> None:
    """One server process as far as this job is concerned."""

    async def work() -> None:
        client = Client(uri, database)
        while True:
            await snapshot_licenses_now(client)

    asyncio.run(work())


async def test_other_processes_continue_the_work_of_a_killed_one(
    client: Client, mongo_uri: str, database_name: str
) -> None:
    scope = await many(client)
    dying = FORKSERVER.Process(target=take_for_ever, args=(mongo_uri, database_name), daemon=True)
    dying.start()
    async with asyncio.timeout(60):
        while not await scope.collection("license_snapshots").count(scope.match()):
            await asyncio.sleep(0.001)
    assert dying.pid is not None
    os.kill(dying.pid, signal.SIGKILL)
    dying.join()
    await assert_weeks_are_what_the_snapshots_say(scope)
    loop = JobLoop(client)
    loop.start()
    async with asyncio.timeout(60):
        while not await _is_done(scope):
            await asyncio.sleep(0.02)
    await loop.stop()
    assert await scope.collection("license_snapshots").count(scope.match()) == 700
    await assert_weeks_are_what_the_snapshots_say(scope)


async def test_a_failure_of_one_partner_does_not_stop_the_others(client: Client) -> None:
    broken, scope = [await old_partner(client, partner_id=name) for name in ("aaa", "acme")]
    for reached in (broken, scope):
        await add_customer(reached, "C-1", subscription("S-1"))
    # What no import writes stops the slice that it is in.
    await broken.collection("entitlements").update_one(broken.match(), {"$set": {"licenses": 7}})
    with pytest.raises(ExceptionGroup):
        await snapshot_licenses(client)
    assert set(await taken(scope)) == {("S-1", yesterday())}
    assert not await _is_done(broken)


async def test_the_command_takes_missing_snapshots_of_yesterday(
    client: Client, mongo_uri: str, database_name: str
) -> None:
    await migrate(client)
    scope = await partner_scope(client)
    await add_customer(scope, "C-1", subscription("S-1"), subscription("S-2"))
    harness = ServerHarness(mongo_uri, database_name)
    for done in (2, 0):
        ran = await asyncio.to_thread(harness.command, "jobs", "run", "snapshot_licenses")
        assert (ran.returncode, ran.stdout) == (0, f"snapshot_licenses: {done} done\n")


async def test_the_loop_takes_the_snapshots_of_every_partner(client: Client) -> None:
    scopes = [await old_partner(client, partner_id=name) for name in ("acme", "other")]
    for scope in scopes:
        await add_customer(scope, "C-1", subscription("S-1"))
    loop = JobLoop(client)
    loop.start()
    async with asyncio.timeout(20):
        while not all([await _is_done(scope) for scope in scopes]):
            await asyncio.sleep(0.02)
    await loop.stop()
    for scope in scopes:
        assert set(await taken(scope)) == {("S-1", yesterday())}


async def _is_done(scope: Scope) -> bool:
    partner: Document = await find_only(scope, "partners")
    return bool(partner["snapshot_day"] == yesterday())


async def test_a_batch_can_be_repeated(client: Client) -> None:
    scope = await old_partner(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1"))
    assert [await take_snapshots(scope, [id_], yesterday()) for _ in range(3)] == [1, 0, 0]
