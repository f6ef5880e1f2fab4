"""Batches of raw calls on both drivers: concurrent writers lose nothing, and a batch is written completely or not."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from domain.failures import Unavailable
from domain.imports.records import ImportKind, ImportRecord, parse_record
from domain.time.instants import format_instant
from domain.time.weeks import WEEK, week_of
from store.calling.weeks import mark_weeks_changed
from store.database.client import Client, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.imports.calls import deliver_call_media, deliver_calls, deliver_queue_calls
from store.imports.deliveries import UpsertResult
from tests.domain.imports.factory_records import call_record, media_record, queue_call_record
from tests.store.factory_customers import add_customer, partner_scope

NOON = week_of(utc_now()) - WEEK + timedelta(hours=12)
PATIENCE = 8.0


async def ready(client: Client) -> Scope:
    scope = await partner_scope(client)
    await add_customer(scope, "C-1")
    return scope


def calls(*report_ids: str, at: datetime = NOON, **columns: str) -> list[ImportRecord]:
    return [
        parse_record(ImportKind.CALLS, call_record(report_id, Start_time=format_instant(at), **columns))
        for report_id in report_ids
    ]


def media(*report_ids: str) -> list[ImportRecord]:
    return [parse_record(ImportKind.CALL_MEDIA, media_record(report_id)) for report_id in report_ids]


async def versions(scope: Scope) -> Sequence[int]:
    """How often each week was marked, the oldest first."""
    found = await scope.collection("call_weeks").find(scope.match(), sort=[("week", 1)])
    return [week["version"] for week in found]


async def test_results_are_in_the_order_of_the_records(client: Client) -> None:
    scope = await ready(client)
    lines = [*calls("R-1", "R-2"), *calls("R-1", Duration="5"), *calls("R-2")]
    assert await deliver_calls(scope, lines, PATIENCE) == [
        UpsertResult.ADDED,
        UpsertResult.ADDED,
        UpsertResult.CHANGED,
        UpsertResult.UNCHANGED,
    ]
    assert await deliver_call_media(scope, media("R-2", "R-3"), PATIENCE) == [UpsertResult.ADDED, UpsertResult.ADDED]
    offered = queue_call_record(offeredAt=format_instant(NOON - WEEK))
    assert await deliver_queue_calls(scope, [parse_record(ImportKind.QUEUE_CALLS, offered)], PATIENCE) == [
        UpsertResult.ADDED
    ]
    assert await versions(scope) == [1, 2]


async def test_concurrent_corrections_of_one_call_are_all_stored(
    client: Client, mongo_uri: str, database_name: str
) -> None:
    scope = await ready(client)
    await deliver_calls(scope, calls("R-1"), PATIENCE)
    others = [Client(mongo_uri, database_name, driver=client.driver) for _ in range(2)]
    first, second = (Scope(other, scope.partner_id, utc_now()) for other in others)
    await asyncio.gather(
        deliver_calls(first, calls("R-1", User_UUID="U-1"), PATIENCE),
        deliver_calls(second, calls("R-1", Model="8845"), PATIENCE),
        deliver_call_media(scope, media("R-1"), PATIENCE),
    )
    for other in others:
        await other.close()
    (call,) = await scope.collection("calls").find(scope.match())
    assert (call["user_id"], call["delivered"], call["version"]) == ("U-1", {"model": "8845", "media": True}, 4)
    assert (call["loss"], await versions(scope)) == (0.5, [4])


async def test_a_batch_that_fails_writes_nothing(client: Client) -> None:
    scope = await ready(client)
    await deliver_calls(scope, calls("R-1"), PATIENCE)

    async def hold(session: Session) -> None:
        await mark_weeks_changed(scope, [NOON - timedelta(hours=12)], session)
        with pytest.raises(Unavailable):
            await deliver_calls(scope, [*calls("R-2", at=NOON - WEEK), *calls("R-1", Duration="5")], 0.2)

    await in_transaction(client, hold)
    (call,) = await scope.collection("calls").find(scope.match())
    assert (call["report_id"], call["seconds"], call["version"]) == ("R-1", 90, 1)
    assert await versions(scope) == [2]
    assert await deliver_calls(scope, calls("R-1", Duration="5"), PATIENCE) == [UpsertResult.CHANGED]
