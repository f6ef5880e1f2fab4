"""Imports of customers, subscriptions and trials into a real MongoDB: what they add, change, refuse and tell."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from domain.failures import OperatorError
from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from jobs.imports.runner import import_stream
from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.domain.imports.factory_records import customer_record, subscription_record, trial_record
from tests.jobs.imports.factory_imports import documents, event_kinds, find_only, import_lines, ndjson
from tests.store.factory_customers import partner_scope

C, S, T = ImportKind.CUSTOMERS, ImportKind.SUBSCRIPTIONS, ImportKind.TRIALS
YEAR = timedelta(days=365)


def ends_in(days: int) -> str:
    return format_instant(utc_now() + timedelta(days=days))


async def test_customers_are_added_changed_and_left_alone(client: Client) -> None:
    scope = await partner_scope(client)
    assert (await import_lines(scope, C, customer_record("C-1"), customer_record("C-2"))).counts == (2, 0, 0, 0)
    again = await import_lines(scope, C, customer_record("C-1", country="DE"), customer_record("C-2"))
    assert again.counts == (0, 1, 1, 0)
    customer = await find_only(scope, "customers", external_id="C-1")
    assert (customer["country"], customer["version"]) == ("DE", 2)
    changed = await find_only(scope, "events", kind="CUSTOMER_CHANGED")
    assert changed["changes"] == {"country": [None, "DE"]}


async def test_the_latest_of_two_lines_in_one_stream_wins_with_one_event(client: Client) -> None:
    scope = await partner_scope(client)
    lines = [customer_record(name=name) for name in ("First", "Second", "Third")]
    assert (await import_lines(scope, C, *lines)).counts == (1, 2, 0, 0)
    assert (await find_only(scope, "customers"))["name"] == "Third"
    assert await event_kinds(scope) == ["CUSTOMER_ADDED"]


async def test_keys_are_told_apart_by_case(client: Client) -> None:
    scope = await partner_scope(client)
    assert (await import_lines(scope, C, customer_record("c-1"), customer_record("C-1"))).counts == (2, 0, 0, 0)


async def test_a_subscription_gives_its_customer_statuses_and_events(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record(lastAdministratorSignInAt=ends_in(-1)))
    over = [{"product": "CALLING", "total": 5, "assigned": 7, "used": 1}]
    assert (await import_lines(scope, S, subscription_record(licenses=over))).counts == (1, 0, 0, 0)
    customer = await find_only(scope, "customers")
    assert customer["statuses"] == ["LICENSE_OVERAGE", "SUBSCRIPTION"]
    assert customer["products"] == ["CALLING"]
    assert await event_kinds(scope) == ["CUSTOMER_ADDED", "SUBSCRIPTION_ADDED", "STATUS_CHANGED"]
    assert (await find_only(scope, "events", kind="STATUS_CHANGED"))["entered"] == ["LICENSE_OVERAGE", "SUBSCRIPTION"]


async def test_importing_twice_writes_nothing(client: Client) -> None:
    scope = await partner_scope(client)
    streams: list[tuple[ImportKind, dict[str, Any]]] = [
        (C, customer_record(domain="acme.example", country=None)),
        (S, subscription_record(autoRenew=True, cancelledAt=None)),
        (T, trial_record()),
    ]
    for kind, line in streams:
        assert (await import_lines(scope, kind, line)).counts == (1, 0, 0, 0)
    before = {name: await documents(scope, name) for name in ("customers", "entitlements", "events", "orders")}
    for kind, line in streams:
        assert (await import_lines(scope, kind, line)).counts == (0, 0, 1, 0)
    assert {name: await documents(scope, name) for name in before} == before


async def test_a_renewal_of_ours_survives_the_same_file_and_gives_way_to_their_own(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    line = subscription_record(autoRenew=True, startsAt=ends_in(-700), endsAt=ends_in(-300))
    await import_lines(scope, S, line)
    renewed = await find_only(scope, "entitlements")
    assert (renewed["renewals"], len(await documents(scope, "orders"))) == (1, 1)
    events = len(await documents(scope, "events"))
    assert (await import_lines(scope, S, line)).counts == (0, 0, 1, 0)
    assert (await find_only(scope, "entitlements")) == renewed
    assert len(await documents(scope, "events")) == events
    theirs = {**line, "endsAt": format_instant(renewed["ends_at"])}
    assert (await import_lines(scope, S, theirs)).counts == (0, 1, 0, 0)
    after = await find_only(scope, "entitlements")
    assert (after["renewals"], after["first_ends_at"], after["ends_at"]) == (0, renewed["ends_at"], renewed["ends_at"])
    assert [order["number"] for order in await documents(scope, "orders")] == ["SUB-1-R1"]


async def test_what_stops_renewing_keeps_its_end(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    line = subscription_record(autoRenew=True, startsAt=ends_in(-700), endsAt=ends_in(-300))
    await import_lines(scope, S, line)
    reached = (await find_only(scope, "entitlements"))["ends_at"]
    await import_lines(scope, S, {**line, "autoRenew": False})
    stopped = await find_only(scope, "entitlements")
    assert (stopped["ends_at"], stopped["renewals"]) == (reached, 1)
    assert "SUBSCRIPTION" in (await find_only(scope, "customers"))["statuses"]


async def test_a_repeated_file_keeps_what_was_done_here(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    await import_lines(scope, S, subscription_record(setUp=False))

    async def set_up(batch: CustomerBatch) -> None:
        batch.changes[0].update_entitlement("SUB-1", {"set_up": True})

    await change_customers(scope, {"external_id": "C-1"}, set_up)
    assert (await import_lines(scope, S, subscription_record(setUp=False))).counts == (0, 0, 1, 0)
    assert (await find_only(scope, "entitlements"))["set_up"] is True
    changed = await import_lines(scope, S, subscription_record(setUp=False, suspended=True))
    assert changed.counts == (0, 1, 0, 0)
    assert (await find_only(scope, "entitlements"))["set_up"] is True


async def test_bad_lines_stop_nothing_and_are_told_in_order(client: Client) -> None:
    scope = await partner_scope(client)
    imported = await import_lines(
        scope, C, customer_record("C-1"), b"{oops", customer_record("C-2", country="DEU"), b"", customer_record("C-3")
    )
    assert imported.counts == (2, 0, 0, 2)
    assert [(line, key, field) for line, key, field, _ in imported.reasons] == [(2, None, None), (3, "C-2", "country")]


async def test_targets_and_numbers_that_cannot_be_are_refused(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record("C-1"), customer_record("C-2"))
    await import_lines(scope, T, trial_record("N-1"))
    imported = await import_lines(
        scope,
        S,
        subscription_record("N-1"),
        subscription_record("N-1", customer="C-2"),
        subscription_record("N-2", customer="C-9"),
    )
    assert imported.counts == (0, 0, 0, 3)
    assert imported.reasons == [
        (1, "N-1", "number", "is taken by a trial"),
        (2, "N-1", "number", "is taken by a trial"),
        (3, "N-2", "customer", "there is no customer 'C-9'"),
    ]


async def test_another_tenants_customers_do_not_exist(client: Client) -> None:
    scope, other = await partner_scope(client), await partner_scope(client, "other")
    await import_lines(other, C, customer_record())
    await import_lines(other, S, subscription_record())
    assert (await import_lines(scope, S, subscription_record())).counts == (0, 0, 0, 1)
    await import_lines(scope, C, customer_record())
    assert (await import_lines(scope, S, subscription_record())).counts == (1, 0, 0, 0)


async def test_a_removed_customer_is_gone_and_comes_back(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    await import_lines(scope, C, customer_record(removedAt=ends_in(-1)))
    assert (await find_only(scope, "customers"))["keys"] == []
    assert (await documents(scope, "events"))[-1]["kind"] == "CUSTOMER_REMOVED"
    await import_lines(scope, C, customer_record(removedAt=None))
    assert "*" in (await find_only(scope, "customers"))["keys"]


async def test_cancelling_and_figures_have_events_of_their_own(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    await import_lines(scope, S, subscription_record())
    await import_lines(scope, S, subscription_record(licenses=[{"product": "MEETINGS", "total": 11}]))
    await import_lines(scope, S, subscription_record(licenses=[], cancelledAt=ends_in(-1)))
    told = await event_kinds(scope)
    assert "LICENSES_CHANGED" in told
    assert "SUBSCRIPTION_CANCELLED" in told
    figures = await find_only(scope, "events", kind="LICENSES_CHANGED")
    held = {"product": "MEETINGS", "total": 10, "assigned": 5, "used": 3}
    assert figures["changes"] == {"licenses": [[held], [{**held, "total": 11}]]}


async def test_what_is_only_delivered_differently_changes_no_version(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    await import_lines(scope, S, subscription_record())
    names = ("customers", "entitlements", "events")
    before = {name: [{**d, "delivered": None} for d in await documents(scope, name)] for name in names}
    assert (await import_lines(scope, C, customer_record(domain=None))).counts == (0, 0, 1, 0)
    assert (await import_lines(scope, S, subscription_record(cancelledAt=None))).counts == (0, 0, 1, 0)
    assert {name: [{**d, "delivered": None} for d in await documents(scope, name)] for name in names} == before
    assert (await find_only(scope, "customers"))["delivered"]["domain"] is None
    assert (await find_only(scope, "entitlements"))["delivered"]["cancelledAt"] is None


async def test_of_two_lines_with_one_number_the_later_wins_however_long_the_first_takes(
    client: Client, mongo_uri: str
) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, *(customer_record(f"C-{number}") for number in range(BATCH_SIZE + 1)))
    lines = [subscription_record(f"S-{number}", customer=f"C-{number}") for number in range(1, BATCH_SIZE)]
    first, last = subscription_record("S", customer="C-0"), subscription_record("S", customer=f"C-{BATCH_SIZE}")
    with MongoClient[dict[str, Any]](mongo_uri) as other, other.start_session() as session:
        session.start_transaction()
        held = other[client.database_name]["customers"]
        held.update_one({"external_id": f"C-{BATCH_SIZE - 1}"}, {"$set": {"held": True}}, session=session)
        importing = asyncio.create_task(import_lines(scope, S, first, *lines, last))
        async with asyncio.timeout(20):
            while not await documents(scope, "entitlements", number="S"):
                await asyncio.sleep(0)
        session.abort_transaction()
        assert (await importing).counts == (BATCH_SIZE, 1, 0, 0)
    owner = await find_only(scope, "customers", external_id=f"C-{BATCH_SIZE}")
    assert (await find_only(scope, "entitlements", number="S"))["customer_id"] == owner["_id"]


async def test_many_slices_at_once_take_every_line(client: Client) -> None:
    scope = await partner_scope(client)
    customers = [customer_record(f"C-{number}") for number in range(350)]
    assert (await import_lines(scope, C, *customers)).counts == (350, 0, 0, 0)
    lines = [subscription_record(f"S-{number}", customer=f"C-{number % 350}") for number in range(700)]
    assert (await import_lines(scope, S, *lines)).counts == (700, 0, 0, 0)
    versions = {customer["version"] for customer in await documents(scope, "customers")}
    assert versions == {3}


async def test_two_imports_of_the_same_numbers_at_one_time_add_each_once(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, *(customer_record(f"C-{number}") for number in range(20)))
    lines = [subscription_record(f"S-{number}", customer=f"C-{number}") for number in range(20)]
    both = await asyncio.gather(import_lines(scope, S, *lines), import_lines(scope, S, *lines))
    assert sorted(imported.summary.added for imported in both) == [0, 20]
    assert len(await documents(scope, "entitlements")) == 20


async def test_needs_a_partner(client: Client) -> None:
    with pytest.raises(OperatorError, match="There is no partner nobody"):
        await import_lines(Scope(client, "nobody", utc_now()), ImportKind.CUSTOMERS, customer_record())


async def test_a_customer_that_somebody_holds_does_not_keep_the_others_waiting(client: Client, mongo_uri: str) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, *(customer_record(f"C-{number}") for number in range(1, 5)))
    with MongoClient[dict[str, Any]](mongo_uri) as other, other.start_session() as session:
        session.start_transaction()
        held = other[client.database_name]["customers"]
        held.update_one({"external_id": "C-4"}, {"$set": {"held": True}}, session=session)
        lines = [customer_record(f"C-{number}", country="DE") for number in range(1, 5)]
        importing = asyncio.create_task(import_lines(scope, C, *lines))
        async with asyncio.timeout(20):
            while len(await documents(scope, "customers", country="DE")) < 3:
                await asyncio.sleep(0)
        session.abort_transaction()
        assert (await importing).counts == (0, 4, 0, 0)


async def test_a_stream_that_breaks_off_leaves_nothing_running(client: Client) -> None:
    scope = await partner_scope(client)

    async def broken() -> AsyncIterator[bytes]:
        yield ndjson(*(customer_record(f"C-{number}") for number in range(450)))
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await import_stream(scope, C, broken())
    # Transactions that were broken off are being aborted: that ends by itself, and nothing else is left.
    left = asyncio.all_tasks() - {asyncio.current_task()}
    async with asyncio.timeout(20):
        await asyncio.gather(*left)
    assert len(await documents(scope, "customers")) % BATCH_SIZE == 0
