"""Deliveries that name the external id of a removed customer, after another customer took it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from store.changes.consistency_check import check_customers
from store.changes.customer_batch import CustomerBatch, change_customers
from store.changes.external_ids import release_external_id
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.domain.imports.factory_records import customer_record, subscription_record, trial_record
from tests.jobs.imports.factory_calls import import_report, queue_call, report, row
from tests.jobs.imports.factory_imports import documents, find_only, import_lines
from tests.store.factory_customers import DAY, partner_scope, stored

SECOND = timedelta(seconds=1)
HELD = {"SUB-1": ImportKind.SUBSCRIPTIONS, "TRI-1": ImportKind.TRIALS}


async def deliver(scope: Scope, kind: ImportKind, *lines: object) -> tuple[int, int, int, int]:
    return (await import_lines(scope, kind, *lines)).counts


async def deliver_removal(scope: Scope, at: datetime) -> None:
    line = customer_record(removedAt=format_instant(at))
    assert (await deliver(scope, ImportKind.CUSTOMERS, line))[3] == 0


async def replace_customer(scope: Scope) -> str:
    """Give the id C-1 of the removed customer to a new one, as startTrial does; return the new customer's id."""

    async def take_id(batch: CustomerBatch) -> str:
        await release_external_id(batch, "C-1")
        change, identity = batch.add_customer(), {"name": "Own", "external_id": "C-1", "delivered": {}}
        change.update_customer({**identity, "managed_by": "PARTNER_ORGANIZATION", "created_at": batch.now})
        return change.id

    return await change_customers(scope, {"external_id": "nobody"}, take_id)


async def removed_customer(scope: Scope, removed_at: datetime) -> str:
    """Deliver C-1 and its removal; return its id."""
    await deliver(scope, ImportKind.CUSTOMERS, customer_record())
    customer = await find_only(scope, "customers", external_id="C-1")
    await deliver_removal(scope, removed_at)
    return str(customer["_id"])


def held_record(number: str, **changes: Any) -> Document:
    return (subscription_record if number == "SUB-1" else trial_record)(number, **changes)


async def owners(scope: Scope, collection: str) -> set[str]:
    return {document["customer_id"] for document in await documents(scope, collection)}


@pytest.mark.parametrize("number", HELD)
async def test_a_repeated_line_leaves_holdings_with_the_removed_customer(client: Client, number: str) -> None:
    scope, kind = await partner_scope(client), HELD[number]
    await deliver(scope, ImportKind.CUSTOMERS, customer_record(), customer_record("C-2"))
    old = await find_only(scope, "customers", external_id="C-1")
    await deliver(scope, kind, held_record(number))
    await deliver_removal(scope, utc_now() - DAY)
    new_id = await replace_customer(scope)
    told = len(await documents(scope, "events"))
    assert await deliver(scope, kind, held_record(number)) == (0, 0, 1, 0)
    assert len(await documents(scope, "events")) == told
    # Other facts of a line that names the same customer as before change, and move nothing either.
    assert await deliver(scope, kind, held_record(number, endsAt="2027-12-01T00:00:00Z")) == (0, 1, 0, 0)
    assert await owners(scope, "entitlements") == {old["_id"]}
    # After another customer was delivered, C-1 is the one that has the id now.
    await deliver(scope, kind, held_record(number, customer="C-2"))
    assert await deliver(scope, kind, held_record(number)) == (0, 1, 0, 0)
    assert await owners(scope, "entitlements") == {new_id}
    assert [problem async for problem in check_customers(scope)] == []


async def test_repeated_calls_stay_with_the_removed_customer(client: Client) -> None:
    scope = await partner_scope(client)
    old_id = await removed_customer(scope, utc_now() - DAY)
    await import_report(scope, report(row()))
    await deliver(scope, ImportKind.QUEUE_CALLS, queue_call())
    new_id = await replace_customer(scope)
    weeks = await documents(scope, "call_weeks")
    assert (await import_report(scope, report(row()))).counts == (0, 0, 1, 0)
    assert await deliver(scope, ImportKind.QUEUE_CALLS, queue_call()) == (0, 0, 1, 0)
    assert await documents(scope, "call_weeks") == weeks
    assert (await import_report(scope, report(row(Duration="5"), row("R-2")))).counts == (1, 1, 0, 0)
    calls = {call["report_id"]: call["customer_id"] for call in await documents(scope, "calls")}
    assert calls == {"R-1": old_id, "R-2": new_id}
    assert await owners(scope, "queue_calls") == {old_id}


@pytest.mark.parametrize("correction", [SECOND, -SECOND, -DAY])
async def test_a_corrected_removal_is_that_of_the_removed_customer(client: Client, correction: timedelta) -> None:
    scope, removed_at = await partner_scope(client), utc_now() - DAY
    old_id = await removed_customer(scope, removed_at)
    new_id = await replace_customer(scope)
    await deliver_removal(scope, removed_at + correction)
    old, new = await stored(scope, old_id), await stored(scope, new_id)
    assert (new["removed_at"], new["version"]) == (None, 1)
    assert format_instant(old["removed_at"]) == format_instant(removed_at + correction)


async def test_a_removal_is_that_of_the_customer_that_had_the_id_then(client: Client) -> None:
    scope, first_removal = await partner_scope(client), utc_now() - DAY
    ids = [await removed_customer(scope, first_removal), await replace_customer(scope)]
    second_removal = utc_now()
    await deliver_removal(scope, second_removal)
    ids.append(await replace_customer(scope))
    for removed_at in (first_removal + SECOND, second_removal, utc_now() + DAY):
        await deliver_removal(scope, removed_at)
    moments = [(await stored(scope, id_))["removed_at"] for id_ in ids]
    now = utc_now()
    assert [moment < now - DAY / 2 for moment in moments] == [True, False, False]
    assert [moment > now for moment in moments] == [False, False, True]
