"""What is delivered under another customer or subscription moves there, and both customers are told."""

from datetime import timedelta
from typing import Any

import pytest

from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from store.changes.consistency_check import check_customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.domain.imports.factory_records import (
    customer_record,
    invoice_record,
    order_record,
    subscription_record,
    trial_record,
    usage_record,
)
from tests.jobs.imports.factory_imports import documents, find_only, import_lines
from tests.store.factory_customers import partner_scope

NOW = utc_now()
DAY = timedelta(days=1)
PERIOD = {
    "addedAt": format_instant(NOW - 40 * DAY),
    "startsAt": format_instant(NOW - 40 * DAY),
    "endsAt": format_instant(NOW + 300 * DAY),
}
KINDS = {"SUB-1": ImportKind.SUBSCRIPTIONS, "TRI-1": ImportKind.TRIALS}


def record(number: str, **changes: Any) -> Document:
    return (subscription_record if number.startswith("SUB") else trial_record)(number, **{**PERIOD, **changes})


async def two_customers(client: Client) -> Scope:
    scope = await partner_scope(client)
    await deliver(scope, ImportKind.CUSTOMERS, customer_record("C-1"), customer_record("C-2", name="Bolt"))
    return scope


async def deliver(scope: Scope, kind: ImportKind, *lines: object) -> tuple[int, int, int, int]:
    return (await import_lines(scope, kind, *lines)).counts


async def customer(scope: Scope, external_id: str) -> Document:
    return await find_only(scope, "customers", external_id=external_id)


async def summaries(scope: Scope, external_id: str, since: int) -> list[str]:
    """The summaries of the customer's events, without those of its statuses and those before `since`."""
    id_ = (await customer(scope, external_id))["_id"]
    events = (await documents(scope, "events"))[since:]
    return [one["summary"] for one in events if one["customer_id"] == id_ and one["kind"] != "STATUS_CHANGED"]


async def count_events(scope: Scope) -> int:
    return len(await documents(scope, "events"))


async def assert_consistent(scope: Scope) -> None:
    assert [problem async for problem in check_customers(scope)] == []


@pytest.mark.parametrize("number", KINDS)
async def test_an_entitlement_moves_with_all_that_belongs_to_it(client: Client, number: str) -> None:
    scope, kind = await two_customers(client), KINDS[number]
    day = str((NOW - 10 * DAY).date())
    await deliver(scope, kind, record(number))
    await deliver(scope, ImportKind.LICENSE_USAGE, usage_record(number, day=day))
    if kind is ImportKind.SUBSCRIPTIONS:
        await deliver(scope, ImportKind.ORDERS, order_record())
        await deliver(scope, ImportKind.INVOICES, invoice_record())
    told, moved = await count_events(scope), record(number, customer="C-2")
    assert await deliver(scope, kind, moved) == (0, 1, 0, 0)
    first, second = [await customer(scope, external_id) for external_id in ("C-1", "C-2")]
    expected = "TRIAL" if kind is ImportKind.TRIALS else "SUBSCRIPTION"
    assert (first["subscription_types"], first["statuses"], first["products"]) == ([], [], [])
    assert second["subscription_types"] == [expected] and expected in second["statuses"]
    owned = ("entitlements", "orders", "invoices", "license_snapshots", "license_lines")
    owners = {one["customer_id"] for name in owned for one in await documents(scope, name)}
    assert owners == {second["_id"]}
    weeks = await documents(scope, "license_customer_weeks", is_removed=False)
    assert {week["customer_id"] for week in weeks} == {second["_id"]}
    title = {"TRI-1": "Trial TRI-1", "SUB-1": "Subscription SUB-1"}[number]
    assert await summaries(scope, "C-1", told) == [f"{title} of Acme moved to another customer"]
    assert await summaries(scope, "C-2", told) == [f"{title} of Bolt moved here from another customer"]
    await assert_consistent(scope)
    told = await count_events(scope)
    assert await deliver(scope, kind, moved) == (0, 0, 1, 0)
    assert await count_events(scope) == told


async def test_a_move_can_change_other_fields_as_well(client: Client) -> None:
    scope = await two_customers(client)
    await deliver(scope, ImportKind.SUBSCRIPTIONS, record("SUB-1"))
    told = await count_events(scope)
    licenses = [{"product": "CALLING", "total": 5, "assigned": 9}]
    changed = record("SUB-1", customer="C-2", licenses=licenses, setUp=False)
    assert await deliver(scope, ImportKind.SUBSCRIPTIONS, changed) == (0, 1, 0, 0)
    assert (await customer(scope, "C-1"))["statuses"] == []
    assert (await customer(scope, "C-2"))["statuses"] == ["READY_FOR_ORDER_SETUP"]
    expected = "Subscription SUB-1 of Bolt moved here from another customer; changed: set up, licenses"
    assert await summaries(scope, "C-2", told) == [expected]
    await assert_consistent(scope)


async def test_what_comes_back_in_one_batch_is_not_told(client: Client) -> None:
    scope = await two_customers(client)
    await deliver(scope, ImportKind.TRIALS, record("TRI-1"))
    told = await count_events(scope)
    lines = [record("TRI-1", customer="C-2"), record("TRI-1"), record("TRI-2"), record("TRI-2", customer="C-2")]
    assert await deliver(scope, ImportKind.TRIALS, *lines) == (1, 3, 0, 0)
    assert await summaries(scope, "C-1", told) == []
    assert await summaries(scope, "C-2", told) == ["Trial TRI-2 of Bolt began"]
    await assert_consistent(scope)


async def test_renewals_stay_with_the_subscription_that_moves(client: Client) -> None:
    scope = await two_customers(client)
    dates = {"startsAt": format_instant(NOW - 400 * DAY), "endsAt": format_instant(NOW - 40 * DAY)}
    renewing = {**dates, "autoRenew": True, "termMonths": 1}
    await deliver(scope, ImportKind.SUBSCRIPTIONS, record("SUB-1", **renewing))
    numbers = sorted(order["number"] for order in await documents(scope, "orders"))
    assert len(numbers) == 2
    await deliver(scope, ImportKind.SUBSCRIPTIONS, record("SUB-1", **renewing, customer="C-2"))
    orders = await documents(scope, "orders")
    assert sorted(order["number"] for order in orders) == numbers
    assert {order["customer_id"] for order in orders} == {(await customer(scope, "C-2"))["_id"]}


@pytest.mark.parametrize(
    ("kind", "build_record", "collection", "title"),
    [
        (ImportKind.ORDERS, order_record, "orders", "Order ORD-1"),
        (ImportKind.INVOICES, invoice_record, "invoices", "Invoice INV-1"),
    ],
)
async def test_a_billing_document_moves_to_another_subscription(
    client: Client, kind: ImportKind, build_record: Any, collection: str, title: str
) -> None:
    scope = await two_customers(client)
    owners = {"SUB-1": "C-1", "SUB-2": "C-1", "SUB-3": "C-2"}
    lines = [record(number, customer=owner) for number, owner in owners.items()]
    await deliver(scope, ImportKind.SUBSCRIPTIONS, *lines)
    subscriptions = {one["number"]: one for one in await documents(scope, "entitlements")}
    await deliver(scope, kind, build_record())
    for number, expected in {
        "SUB-2": ([f"{title} of subscription SUB-2 of Acme changed: subscription"], []),
        "SUB-3": (
            [f"{title} of Acme moved to another customer"],
            [f"{title} of subscription SUB-3 of Bolt moved here from another customer"],
        ),
    }.items():
        told, versions = await count_events(scope), [(await customer(scope, "C-1"))["version"]]
        assert await deliver(scope, kind, build_record(subscription=number)) == (0, 1, 0, 0)
        stored, owner = await find_only(scope, collection), subscriptions[number]
        assert (stored["entitlement_id"], stored["customer_id"]) == (owner["_id"], owner["customer_id"])
        assert [await summaries(scope, external_id, told) for external_id in ("C-1", "C-2")] == [*expected]
        assert (await customer(scope, "C-1"))["version"] == versions[0] + 1
        told = await count_events(scope)
        assert await deliver(scope, kind, build_record(subscription=number)) == (0, 0, 1, 0)
        assert await count_events(scope) == told


async def test_a_term_is_ordered_again_when_its_delivered_order_moves(client: Client) -> None:
    scope = await two_customers(client)
    first_end = format_instant(NOW - 40 * DAY)
    dates = {"startsAt": format_instant(NOW - 400 * DAY), "endsAt": first_end, "autoRenew": True, "termMonths": 2}
    await deliver(scope, ImportKind.SUBSCRIPTIONS, record("SUB-1", **dates), record("SUB-2", customer="C-2"))
    renewal = order_record(kind="RENEWAL", placedAt=first_end)
    await deliver(scope, ImportKind.ORDERS, renewal)
    assert [order["number"] for order in await documents(scope, "orders")] == ["ORD-1"]
    await deliver(scope, ImportKind.ORDERS, {**renewal, "subscription": "SUB-2"})
    owners = {one["_id"]: one["number"] for one in await documents(scope, "entitlements")}
    orders = {order["number"]: owners[order["entitlement_id"]] for order in await documents(scope, "orders")}
    assert orders == {"ORD-1": "SUB-2", "SUB-1-R1": "SUB-1"}


async def test_an_overdue_invoice_takes_its_reason_along(client: Client) -> None:
    scope = await two_customers(client)
    owners = {"SUB-1": "C-1", "SUB-2": "C-2"}
    lines = [record(number, customer=owner, suspended=True) for number, owner in owners.items()]
    await deliver(scope, ImportKind.SUBSCRIPTIONS, *lines)
    await deliver(scope, ImportKind.INVOICES, invoice_record(state="OVERDUE"))
    await deliver(scope, ImportKind.INVOICES, invoice_record(state="OVERDUE", subscription="SUB-2"))
    stored = {one["number"]: one["overdue_invoice"] for one in await documents(scope, "entitlements")}
    assert stored == {"SUB-1": None, "SUB-2": "INV-1"}
    states = [(await customer(scope, external_id))["invoice_states"] for external_id in ("C-1", "C-2")]
    assert states == [[], ["OVERDUE"]]
    await assert_consistent(scope)
