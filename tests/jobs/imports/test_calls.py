"""Imports of calls, media figures and queue calls: what is kept, what late and repeated rows change, what is marked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from domain.calling.figures import USER_LEVELS
from domain.failures import InvalidStream, OperatorError
from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from domain.time.weeks import WEEK
from jobs.imports.runner import ImportSummary
from jobs.roll_up_calls import roll_up_calls_now
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.open_transactions import abort_orphaned_transactions
from store.database.scope import Scope
from tests.domain.imports.factory_records import OMITTED, customer_record
from tests.forked_command import FORKSERVER
from tests.jobs.imports.factory_calls import (
    import_report,
    last_week,
    media,
    noon,
    queue_call,
    report,
    row,
    with_customers,
)
from tests.jobs.imports.factory_imports import documents, find_only, import_lines
from tests.store.factory_customers import partner_scope

M, Q = ImportKind.CALL_MEDIA, ImportKind.QUEUE_CALLS


def earlier() -> str:
    return format_instant(noon() - WEEK)


async def ready(client: Client, *external_ids: str) -> Scope:
    return await with_customers(await partner_scope(client), *external_ids)


async def marks(scope: Scope) -> dict[datetime, int]:
    """How often each week was marked."""
    return {week["week"]: week["version"] for week in await documents(scope, "call_weeks")}


async def test_a_call_is_kept_with_everything_that_its_sums_need(client: Client) -> None:
    scope = await ready(client)
    told = {"Client_type": "WXC_DEVICE", "Model": "Board 70", "Related_reason": "CallQueue", "User_UUID": "U-1"}
    imported = await import_report(scope, report(row(**told)))
    assert imported.counts == (1, 0, 0, 0)
    call, customer = await find_only(scope, "calls"), await find_only(scope, "customers")
    assert (call["_id"], call["customer_id"], call["version"]) == ("acme:R-1", customer["_id"], 1)
    assert (call["week"], call["started_at"], call["seconds"]) == (last_week(), noon(), 90)
    assert (call["user_id"], call["endpoint"], call["features"]) == ("U-1", "ROOM_DEVICE", ["CALL_QUEUE"])
    assert call["expires_at"] - noon() == timedelta(days=100)
    week = await find_only(scope, "call_weeks")
    assert (week["_id"], week["rolled_up_at"]) == (f"acme:{last_week().date()}", None)
    assert abs(week["changed_at"] - utc_now()) < timedelta(minutes=1)


async def test_repeating_a_report_writes_nothing_and_marks_nothing(client: Client) -> None:
    scope = await ready(client)
    content = report(row("R-1"), row("R-2", Start_time=earlier()), row("R-1"))
    assert (await import_report(scope, content)).counts == (2, 0, 1, 0)
    names = ("calls", "call_weeks")
    before = [await documents(scope, name) for name in names]
    assert (await import_report(scope, content)).counts == (0, 0, 3, 0)
    assert [await documents(scope, name) for name in names] == before
    assert await marks(scope) == {last_week(): 1, last_week() - WEEK: 1}


async def test_the_latest_delivery_wins_within_and_across_streams(client: Client) -> None:
    scope = await ready(client)
    content = report(row(Client_type="WXC_CLIENT", Duration="1"), row(Duration="2"), row(User_UUID="U-1", Duration="3"))
    assert (await import_report(scope, content)).counts == (1, 2, 0, 0)
    call = await find_only(scope, "calls")
    assert (call["seconds"], call["endpoint"], call["user_id"], call["version"]) == (3, "WEBEX_APP", "U-1", 1)
    assert (await import_report(scope, report(row(Duration="4")))).counts == (0, 1, 0, 0)
    changed = await find_only(scope, "calls")
    assert changed == {**call, "seconds": 4, "version": 2, "updated_at": changed["updated_at"]}
    assert await marks(scope) == {last_week(): 2}


async def test_a_call_whose_start_moves_marks_both_weeks(client: Client) -> None:
    scope = await ready(client, "C-1", "C-2")
    await import_report(scope, report(row()))
    assert (await import_report(scope, report(row(Start_time=earlier(), Org_UUID="C-2")))).counts == (0, 1, 0, 0)
    assert await marks(scope) == {last_week(): 2, last_week() - WEEK: 1}
    assert (await find_only(scope, "calls"))["customer_id"] == (await find_only(scope, "customers", external_id="C-2"))[
        "_id"
    ]
    twice = report(row(Start_time=format_instant(noon())), row(Start_time=format_instant(noon() - 2 * WEEK)))
    assert (await import_report(scope, twice)).counts == (0, 2, 0, 0)
    assert await marks(scope) == {last_week(): 3, last_week() - WEEK: 2, last_week() - 2 * WEEK: 1}


def facts(call: Document) -> Document:
    """The call without what counts its writes."""
    return {name: value for name, value in call.items() if name not in {"version", "created_at", "updated_at"}}


async def test_media_join_their_call_whichever_comes_first(client: Client) -> None:
    scope = await ready(client)
    await import_report(scope, report(row("R-1")))
    assert (await import_lines(scope, M, media("R-1"), media("R-2"))).counts == (2, 0, 0, 0)
    assert await marks(scope) == {last_week(): 2}
    waiting = await find_only(scope, "calls", report_id="R-2")
    assert (waiting["week"], waiting.get("customer_id"), waiting["loss"]) == (None, None, 0.5)
    assert timedelta(days=99) < waiting["expires_at"] - utc_now() < timedelta(days=101)
    assert (await import_report(scope, report(row("R-2")))).counts == (1, 0, 0, 0)
    assert await marks(scope) == {last_week(): 3}
    first, second = await documents(scope, "calls")
    assert {**facts(first), "_id": "", "report_id": ""} == {**facts(second), "_id": "", "report_id": ""}
    assert (second["loss"], second["jitter"], second["latency"]) == (0.5, 12.0, 80.5)


async def test_repeated_and_corrected_media(client: Client) -> None:
    scope = await ready(client)
    await import_report(scope, report(row()))
    await import_lines(scope, M, media())
    assert (await import_lines(scope, M, media(), {"reportId": "R-1"})).counts == (0, 0, 2, 0)
    assert await marks(scope) == {last_week(): 2}
    corrected = {"reportId": "R-1", "packetLossPercent": 6, "jitterMs": None}
    assert (await import_lines(scope, M, corrected)).counts == (0, 1, 0, 0)
    call = await find_only(scope, "calls")
    assert (call["loss"], call["jitter"], call["latency"]) == (6.0, None, 80.5)
    assert await marks(scope) == {last_week(): 3}
    assert (await import_report(scope, report(row()))).counts == (0, 0, 1, 0)


async def test_queue_calls_are_kept_and_corrected(client: Client) -> None:
    scope = await ready(client)
    lines = [queue_call("Q-1"), queue_call("Q-2", outcome="ABANDONED", offeredAt=earlier()), queue_call("Q-1")]
    assert (await import_lines(scope, Q, *lines)).counts == (2, 0, 1, 0)
    held = await find_only(scope, "queue_calls", queue_call_id="Q-1")
    assert (held["_id"], held["week"], held["offered_at"]) == ("acme:Q-1", last_week(), noon())
    assert (held["queue"], held["outcome"], held["wait_seconds"]) == ("Support", "ANSWERED", 20)
    assert (await import_lines(scope, Q, queue_call("Q-1", waitSeconds=21))).counts == (0, 1, 0, 0)
    assert await marks(scope) == {last_week(): 2, last_week() - WEEK: 1}


async def test_bad_rows_are_refused_and_stop_nothing(client: Client) -> None:
    scope = await ready(client)
    future = format_instant(utc_now() + timedelta(hours=1))
    soon = format_instant(utc_now() - timedelta(minutes=1))
    closed = last_week() - 12 * WEEK
    imported = await import_report(
        scope,
        report(
            row("R-1", Org_UUID="C-9"),
            row("R-2"),
            row("R-3", Start_time=future),
            row("R-4", Start_time=soon, Duration="1000000"),
            row("R-5", Start_time=format_instant(closed)),
            row("R-6", Duration="-5"),
            row("R-7", Org_UUID=OMITTED),
            row("R-8", Start_time=format_instant(closed + WEEK)),
        ),
    )
    assert imported.counts == (2, 0, 0, 6)
    assert imported.reasons == [
        (2, "R-1", "Org UUID", "there is no customer 'C-9'"),
        (4, "R-3", "Start time", "lies in the future"),
        (5, "R-4", "Duration", "is 1,000,000 seconds, which end in the future"),
        (6, "R-5", "Start time", f"lies in the week of {closed.date()}, which is closed: it is 13 weeks old"),
        (7, "R-6", "Duration", "must be whole seconds from 0 to 1,000,000, and is '-5'"),
        (8, "R-7", "Org UUID", "is missing"),
    ]
    assert [call["report_id"] for call in await documents(scope, "calls")] == ["R-2", "R-8"]
    queue = await import_lines(scope, Q, queue_call(customer="C-9"), queue_call(offeredAt=future), queue_call())
    assert (queue.counts, queue.reasons) == (
        (1, 0, 0, 2),
        [(1, "Q-1", "customer", "there is no customer 'C-9'"), (2, "Q-1", "offeredAt", "lies in the future")],
    )


async def test_a_report_without_its_columns_is_refused_whole(client: Client) -> None:
    scope = await ready(client)
    with pytest.raises(InvalidStream, match="the column is missing: Duration"):
        await import_report(scope, report(row(), header=("Report ID", "Org UUID", "Start time")))
    assert await documents(scope, "calls") == []
    with pytest.raises(OperatorError, match="There is no partner nobody"):
        await import_report(Scope(client, "nobody", utc_now()), report(row()))


async def test_calls_of_a_removed_customer_are_taken(client: Client) -> None:
    scope = await ready(client)
    await import_lines(scope, ImportKind.CUSTOMERS, customer_record(removedAt="2026-11-01T00:00:00Z"))
    assert (await import_report(scope, report(row()))).counts == (1, 0, 0, 0)


async def test_partners_do_not_meet(client: Client) -> None:
    first = await ready(client)
    second = await with_customers(await partner_scope(client, "other"))
    for scope in (first, second):
        assert (await import_report(scope, report(row()))).counts == (1, 0, 0, 0)
        assert (await import_lines(scope, M, media())).counts == (1, 0, 0, 0)
    assert (await find_only(first, "calls"))["customer_id"] != (await find_only(second, "calls"))["customer_id"]


async def test_many_slices_in_flight_count_every_row_once(client: Client) -> None:
    scope = await ready(client)
    starts = [format_instant(noon()), earlier()]
    rows = [row(f"R-{number % 4500}", Start_time=starts[number % 2]) for number in range(9000)]
    imported = await import_report(scope, report(*rows), chunk=300_000)
    assert imported.counts == (4500, 0, 4500, 0)
    assert len(await documents(scope, "calls")) == 4500


@asynccontextmanager
async def other_processes(scope: Scope, uri: str) -> AsyncIterator[list[Scope]]:
    """Scopes with clients of their own, which do not take turns with each other."""
    clients = [Client(uri, scope.client.database_name) for _ in range(3)]
    yield [Scope(other, scope.partner_id, utc_now()) for other in clients]
    for other in clients:
        await other.close()


async def test_writers_of_the_same_calls_add_each_once(client: Client, mongo_uri: str) -> None:
    scope = await ready(client)
    content = report(*(row(f"R-{number}") for number in range(400)))
    async with other_processes(scope, mongo_uri) as (one_, two, three):
        first, second, measured = await asyncio.gather(
            import_report(one_, content),
            import_report(two, content),
            import_lines(three, M, *(media(f"R-{number}") for number in range(400))),
        )
    assert first.summary.added + second.summary.added == measured.summary.added == 400
    assert first.summary.unchanged + second.summary.unchanged == 400
    calls = await documents(scope, "calls")
    assert len(calls) == 400
    assert all(call["week"] == last_week() and call["loss"] == 0.5 for call in calls)


async def test_corrections_at_the_same_time_are_all_kept(client: Client, mongo_uri: str) -> None:
    scope = await ready(client)
    await import_report(scope, report(*(row(f"R-{number}") for number in range(200))))
    async with other_processes(scope, mongo_uri) as (one_, two, three):
        await asyncio.gather(
            import_report(one_, report(*(row(f"R-{number}", User_UUID="U-1") for number in range(200)))),
            import_report(two, report(*(row(f"R-{number}", Related_reason="CallPark") for number in range(200)))),
            import_lines(three, M, *(media(f"R-{number}") for number in range(200))),
        )
    calls = await documents(scope, "calls")
    kept = {(call["user_id"], call["features"][0], call["loss"], call["version"]) for call in calls}
    assert (len(calls), kept) == (200, {("U-1", "CALL_PARK", 0.5, 4)})


async def test_raw_rows_expire(client: Client) -> None:
    for name in ("calls", "queue_calls"):
        indexes = (await client.command({"listIndexes": name}))["cursor"]["firstBatch"]
        assert {"expiry": 0}.items() <= {one["name"]: one.get("expireAfterSeconds") for one in indexes}.items()


def test_summaries_add_up() -> None:
    total = ImportSummary(1, 2, 3, 4)
    total.add(ImportSummary(1, 1, 1, 1))
    assert (total.added, total.changed, total.unchanged, total.refused, total.lines) == (2, 3, 4, 5, 14)


def import_for_good(uri: str, database: str, content: bytes) -> None:
    """An importing process of its own."""

    async def work() -> None:
        await import_report(Scope(Client(uri, database), "acme", utc_now()), content)

    asyncio.run(work())


async def test_an_import_that_is_killed_and_repeated_counts_nothing_twice(
    client: Client, mongo_uri: str, database_name: str
) -> None:
    scope = await ready(client)
    rows = 12_000
    users = [row(f"R-{number}", User_UUID=f"U-{number % 3}", Duration="60") for number in range(rows)]
    content, calls = report(*users), scope.collection("calls")
    for _ in range(2):
        before = await calls.count(scope.match())
        importing = FORKSERVER.Process(target=import_for_good, args=(mongo_uri, database_name, content))
        importing.start()
        while await calls.count(scope.match()) == before:
            await asyncio.sleep(0.002)
        importing.kill()
        importing.join()
        # What it left open is aborted, as every server does for the dead.
        while await abort_orphaned_transactions(client):
            await asyncio.sleep(0.1)
    half = await calls.count(scope.match())
    assert 0 < half <= rows
    await roll_up_calls_now(client)
    async with asyncio.timeout(90):
        imported = await import_report(scope, content)
    assert imported.counts == (rows - half, 0, half, 0)
    await roll_up_calls_now(client)
    week = await find_only(scope, "call_weeks")
    (sums,) = [one for one in await documents(scope, "call_customer_weeks") if one["roll_up_id"] == week["roll_up_id"]]
    assert (sums["calls"], sums["seconds"]) == (rows, rows * 60)
    assert {level: sums.get(level, 0) for level in USER_LEVELS} == dict(zip(USER_LEVELS, (0, 0, 3), strict=True))
    assert (await import_report(scope, content)).counts == (0, 0, rows, 0)
    assert await roll_up_calls_now(client) == 0
