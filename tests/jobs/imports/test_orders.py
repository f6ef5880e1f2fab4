"""Imports of orders and invoices: what they add, change, refuse and tell, and which orders of ours they replace."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.imports.records import ImportKind
from domain.time.instants import add_months, format_instant
from jobs.clock import renew_due
from store.changes.consistency_check import check_customers, repair_customers
from store.changes.renewals import MAX_RENEWALS_PER_CHANGE, compute_renewal
from store.changes.system_orders import build_renewal_orders
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.domain.imports.factory_records import (
    customer_record,
    invoice_record,
    order_record,
    subscription_record,
    trial_record,
)
from tests.jobs.imports.factory_imports import documents, find_only, import_lines
from tests.sample.test_sample import make
from tests.store.factory_customers import partner_scope

C, S, T = ImportKind.CUSTOMERS, ImportKind.SUBSCRIPTIONS, ImportKind.TRIALS
O, I = ImportKind.ORDERS, ImportKind.INVOICES  # noqa: E741 (they stand beside the others)
COLLECTIONS = ("customers", "entitlements", "orders", "invoices", "events")


def days_from_now(days: int) -> str:
    return format_instant(utc_now() + timedelta(days=days))


@pytest.fixture
async def scope(client: Client) -> Scope:
    """A partner whose customer has a subscription."""
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    await import_lines(scope, S, subscription_record())
    return scope


async def stored(scope: Scope) -> dict[str, Any]:
    return {name: await documents(scope, name) for name in COLLECTIONS}


async def test_a_new_order_is_a_change_of_its_customer_and_told_once(scope: Scope) -> None:
    before = await find_only(scope, "customers")
    events = await documents(scope, "events")
    assert (await import_lines(scope, O, order_record(amount="12.50", currency="eur"))).counts == (1, 0, 0, 0)
    order, after = await find_only(scope, "orders"), await find_only(scope, "customers")
    assert (order["amount"], order["currency"], order["by_system"], order["version"]) == ("12.50", "EUR", False, 1)
    assert (order["customer_id"], after["version"]) == (before["_id"], before["version"] + 1)
    (told,) = (await documents(scope, "events"))[len(events) :]
    assert (told["kind"], told["subject_id"], told["customer_id"]) == ("ORDER_ADDED", order["_id"], after["_id"])
    assert told["summary"] == "Order ORD-1 of subscription SUB-1 of Acme was added"
    assert told["facts_before"] == {"keys_lost": [], "keys_gained": []}


async def test_a_customer_is_found_by_the_state_of_its_newest_invoice_that_is_not_void(scope: Scope) -> None:
    async def states() -> list[str]:
        customer = await find_only(scope, "customers")
        assert [key for key in customer["keys"] if key.startswith("invoice:")] == [
            f"invoice:{state}" for state in customer["invoice_states"]
        ]
        return list(customer["invoice_states"])

    assert await states() == []
    await import_lines(scope, I, invoice_record(state="OVERDUE", issuedOn="2026-11-02"))
    assert await states() == ["OVERDUE"]
    await import_lines(scope, I, invoice_record(number="INV-2", state="PAID", issuedOn="2026-11-01"))
    assert await states() == ["OVERDUE"]
    # Of two of one day, the one that was stored later is the newer one.
    await import_lines(scope, I, invoice_record(number="INV-3", state="OPEN", issuedOn="2026-11-02"))
    assert await states() == ["OPEN"]
    await import_lines(scope, I, invoice_record(number="INV-3", state="VOID", issuedOn="2026-11-02"))
    assert await states() == ["OVERDUE"]
    await import_lines(scope, S, subscription_record(cancelledAt=days_from_now(-1)))
    assert await states() == []


async def test_wrong_facts_of_invoices_are_found_and_put_right(scope: Scope) -> None:
    await import_lines(scope, I, invoice_record(state="OVERDUE"))
    assert [problem async for problem in check_customers(scope)] == []
    wrong = {"$set": {"invoice_state": "PAID", "overdue_invoice": None}}
    await scope.collection("entitlements").update_one(scope.match(), wrong)
    problems = [problem async for problem in check_customers(scope)]
    assert "invoice facts of SUB-1 are amiss" in [problem.description for problem in problems]
    await repair_customers(scope, [problems[0].customer_id])
    assert [problem async for problem in check_customers(scope)] == []
    assert (await find_only(scope, "customers"))["invoice_states"] == ["OVERDUE"]


async def test_a_new_invoice_and_its_new_state_are_each_told_once(scope: Scope) -> None:
    statuses = (await find_only(scope, "customers"))["statuses"]
    assert (await import_lines(scope, I, invoice_record())).counts == (1, 0, 0, 0)
    version = (await find_only(scope, "customers"))["version"]
    assert (await import_lines(scope, I, invoice_record(state="OVERDUE"))).counts == (0, 1, 0, 0)
    assert (await find_only(scope, "customers"))["version"] == version + 1
    added, changed = await documents(scope, "events", kind="INVOICE_CHANGED")
    assert added["summary"] == "Invoice INV-1 of subscription SUB-1 of Acme was added: 1250.00 EUR, due on 2026-12-01"
    assert changed["summary"] == "Invoice INV-1 of subscription SUB-1 of Acme is now overdue"
    assert changed["changes"] == {"state": ["OPEN", "OVERDUE"]}
    # Whether a subscription is unpaid is delivered with it: an overdue invoice decides nothing.
    assert (await find_only(scope, "customers"))["statuses"] == statuses


async def test_the_reason_of_a_suspension_names_the_oldest_overdue_invoice(scope: Scope) -> None:
    await import_lines(scope, S, subscription_record(suspended=True, suspendedAt="2026-11-03T00:00:00Z"))

    async def named() -> Any:
        (detail,) = (await find_only(scope, "customers"))["status_details"]
        assert (detail["status"], detail["since"]) == ("SUSPENDED", datetime(2026, 11, 3))
        assert [problem async for problem in check_customers(scope)] == []
        return detail["reason"].get("invoice")

    def invoice(number: str, day: int, state: str) -> dict[str, Any]:
        return invoice_record(number, issuedOn=f"2026-10-{day:02}", state=state)

    assert await named() is None
    await import_lines(scope, I, invoice("I-2", 2, "OVERDUE"), invoice("I-1", 1, "PAID"), invoice("I-3", 3, "OVERDUE"))
    assert await named() == "I-2"
    await import_lines(scope, I, invoice("I-1", 1, "OVERDUE"))
    assert await named() == "I-1"
    await import_lines(scope, I, invoice("I-1", 1, "VOID"), invoice("I-2", 4, "OVERDUE"))
    assert await named() == "I-3"
    await import_lines(scope, I, invoice("I-2", 4, "PAID"), invoice("I-3", 3, "PAID"))
    assert await named() is None


async def test_other_facts_of_an_invoice_are_told_by_their_names(scope: Scope) -> None:
    await import_lines(scope, I, invoice_record())
    await import_lines(scope, I, invoice_record(amount="1300.00", dueOn="2026-12-31"))
    _, changed = await documents(scope, "events", kind="INVOICE_CHANGED")
    assert changed["summary"] == "Invoice INV-1 of subscription SUB-1 of Acme changed: due on, amount"
    assert changed["changes"]["amount"] == ["1250.00", "1300.00"]


async def test_a_line_that_is_nested_too_deeply_is_refused_alone(scope: Scope) -> None:
    deep = '{"number": "I-1", "amount": 1.5, "x": ' + "[" * 1000 + "]" * 1000 + "}"
    refused = await import_lines(scope, I, deep.encode(), invoice_record())
    assert (refused.counts, refused.reasons[0][3]) == ((1, 0, 0, 1), "is nested too deeply")


async def test_importing_twice_writes_nothing(scope: Scope) -> None:
    lines = [order_record(), order_record("ORD-2", kind="RENEWAL", amount="5", currency="EUR")]
    bills = [invoice_record(), invoice_record("INV-2", documentUrl="https://bills.example/2", documentUrl2=None)]
    for _ in range(2):
        await import_lines(scope, O, *lines)
        await import_lines(scope, I, *bills)
    before = await stored(scope)
    assert (await import_lines(scope, O, *lines)).counts == (0, 0, 2, 0)
    assert (await import_lines(scope, I, *bills)).counts == (0, 0, 2, 0)
    assert await stored(scope) == before


async def test_of_several_lines_in_one_stream_the_latest_wins_with_one_event(scope: Scope) -> None:
    version = (await find_only(scope, "customers"))["version"]
    lines = [invoice_record(state=state) for state in ("OPEN", "OVERDUE", "PAID")]
    assert (await import_lines(scope, I, *lines)).counts == (1, 2, 0, 0)
    assert (await find_only(scope, "invoices"))["state"] == "PAID"
    assert len(await documents(scope, "events", kind="INVOICE_CHANGED")) == 1
    assert (await find_only(scope, "customers"))["version"] == version + 1


async def test_what_is_only_delivered_otherwise_changes_no_version(scope: Scope) -> None:
    await import_lines(scope, I, invoice_record())
    before = await stored(scope)
    assert (await import_lines(scope, I, invoice_record(documentUrl=None))).counts == (0, 0, 1, 0)
    after = await stored(scope)
    assert after["invoices"][0]["delivered"]["documentUrl"] is None
    assert [{**bill, "delivered": 0} for bill in after["invoices"]] == [
        {**bill, "delivered": 0} for bill in before["invoices"]
    ]
    assert {**after, "invoices": 0} == {**before, "invoices": 0}


async def test_absent_keeps_and_null_clears(scope: Scope) -> None:
    await import_lines(scope, O, order_record(amount="5.00", currency="EUR"))
    assert (await import_lines(scope, O, order_record(kind="ADD_LICENSES"))).counts == (0, 1, 0, 0)
    assert (await find_only(scope, "orders"))["amount"] == "5.00"
    changed = await find_only(scope, "events", kind="SUBSCRIPTION_CHANGED")
    assert changed["summary"] == "Order ORD-1 of subscription SUB-1 of Acme changed: kind"
    await import_lines(scope, O, order_record(kind="ADD_LICENSES", amount=None, currency=None))
    order = await find_only(scope, "orders")
    assert (order["amount"], order["currency"]) == (None, None)


async def test_refuses_unknown_targets_and_amounts_of_no_currency(scope: Scope) -> None:
    await import_lines(scope, S, subscription_record("SUB-2"))
    await import_lines(scope, T, trial_record("TRI-1"))
    await import_lines(scope, O, order_record())
    refused = await import_lines(
        scope,
        O,
        order_record("A", subscription="SUB-9"),
        order_record("B", subscription="TRI-1"),
        order_record("C", amount="5"),
        order_record("D", subscription="SUB-2"),
    )
    assert refused.reasons == [
        (1, "A", "subscription", "there is no subscription 'SUB-9'"),
        (2, "B", "subscription", "there is no subscription 'TRI-1'"),
        (3, "C", "currency", "is missing: an amount needs one"),
    ]
    assert refused.counts == (1, 0, 0, 3)


async def test_another_tenants_subscriptions_do_not_exist(client: Client, scope: Scope) -> None:
    other = await partner_scope(client, "other")
    assert (await import_lines(other, O, order_record())).counts == (0, 0, 0, 1)
    assert (await import_lines(other, I, invoice_record())).counts == (0, 0, 0, 1)


async def test_an_amount_that_came_as_a_number_never_passes_through_a_float(scope: Scope) -> None:
    # As a float the first would be 0.1 exactly as the second, and the third would lose its last digits.
    texts = ["0.10", "0.1", "123456789012.3456"]
    for number, text in enumerate(texts):
        raw = f'{{"number": "I{number}", "subscription": "SUB-1", "state": "OPEN", "issuedOn": "2026-11-01", '
        line = f'{raw}"dueOn": "2026-12-01", "amount": {text}, "currency": "EUR"}}'
        assert (await import_lines(scope, I, line.encode())).counts == (1, 0, 0, 0)
    assert [bill["amount"] for bill in await documents(scope, "invoices")] == texts


async def renewed(client: Client, **changes: Any) -> tuple[Scope, dict[str, Any]]:
    """A subscription that has renewed itself twice here; its first end."""
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    begun = {"startsAt": days_from_now(-1200), "addedAt": days_from_now(-1200), "endsAt": days_from_now(-500)}
    await import_lines(scope, S, subscription_record(autoRenew=True, **begun, **changes))
    return scope, await find_only(scope, "entitlements")


async def numbers(scope: Scope) -> list[str]:
    return sorted(order["number"] for order in await documents(scope, "orders"))


async def test_a_delivered_renewal_takes_the_place_of_ours_for_the_same_term(client: Client) -> None:
    scope, entitlement = await renewed(client)
    assert await numbers(scope) == ["SUB-1-R1", "SUB-1-R2"]
    placed = format_instant(add_months(entitlement["first_ends_at"], 12) - timedelta(days=60))
    assert (await import_lines(scope, O, order_record(kind="RENEWAL", placedAt=placed))).counts == (1, 0, 0, 0)
    assert await numbers(scope) == ["ORD-1", "SUB-1-R1"]
    told = await find_only(scope, "events", kind="ORDER_ADDED")
    assert told["summary"].endswith("was added in place of SUB-1-R2")
    assert told["changes"] == {"replaced": [["SUB-1-R2"], []]}
    # Neither a cancellation that is taken back nor a corrected end brings back or takes away an order.
    delivered = entitlement["delivered"]
    times = {name: format_instant(delivered[name]) for name in ("startsAt", "addedAt", "endsAt")}
    corrected = {**times, "endsAt": format_instant(delivered["endsAt"] + timedelta(days=3))}
    changes: list[dict[str, Any]] = [
        {"cancelledAt": days_from_now(-300)},
        {"cancelledAt": None},
        {"autoRenew": False},
        corrected,
    ]
    for change in changes:
        await import_lines(scope, S, subscription_record(**{"autoRenew": True, **times, **change}))
        assert await numbers(scope) == ["ORD-1", "SUB-1-R1"]
    assert (await find_only(scope, "entitlements"))["renewals"] == 2


@pytest.mark.parametrize("is_one_stream", [True, False])
async def test_renewals_stay_when_auto_renewal_is_switched_off_and_on(client: Client, *, is_one_stream: bool) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    first: dict[str, Any] = {"startsAt": "2025-01-01T00:00:00Z", "endsAt": "2025-01-31T00:00:00Z", "termMonths": 1}
    lines = [subscription_record(autoRenew=auto_renew, **first) for auto_renew in (True, False, True)]
    for stream in [lines] if is_one_stream else [[line] for line in lines]:
        await import_lines(scope, S, *stream)
    renewed = await find_only(scope, "entitlements")
    assert renewed["first_ends_at"] == datetime(2025, 1, 31)
    assert renewed["ends_at"] == add_months(datetime(2025, 1, 31), renewed["renewals"]) > utc_now()
    orders = await documents(scope, "orders")
    assert {order["number"]: order["placed_at"] for order in orders} == {
        f"SUB-1-R{renewal}": add_months(datetime(2025, 1, 31), renewal - 1)
        for renewal in range(1, renewed["renewals"] + 1)
    }


async def test_renewals_of_a_century_all_have_an_order_after_some_runs_of_the_job(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    line = subscription_record(
        autoRenew=True, termMonths=1, startsAt="1926-01-01T00:00:00Z", endsAt="1926-01-15T00:00:00Z"
    )
    await import_lines(scope, S, line)
    entitlement = await find_only(scope, "entitlements")
    assert entitlement["renewals"] == MAX_RENEWALS_PER_CHANGE < 1200
    assert entitlement["ends_at"] > utc_now()
    assert [problem async for problem in check_customers(scope)] == []
    while await renew_due(client):
        pass
    renewals = (await find_only(scope, "entitlements"))["renewals"]
    orders = [(order["number"], order["placed_at"]) for order in await documents(scope, "orders")]
    first_end = datetime(1926, 1, 15)
    assert sorted(orders) == sorted((f"SUB-1-R{n}", add_months(first_end, n - 1)) for n in range(1, renewals + 1))
    told = [event["at"] for event in await documents(scope, "events", kind="SUBSCRIPTION_RENEWED")]
    assert len(told) == -(-renewals // MAX_RENEWALS_PER_CHANGE)
    assert min(told) > utc_now() - timedelta(minutes=5)


async def test_what_stops_renewing_gets_the_rest_of_its_orders_from_the_job(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    line = subscription_record(
        autoRenew=True, termMonths=1, startsAt="1986-01-01T00:00:00Z", endsAt="1986-01-15T00:00:00Z"
    )
    await import_lines(scope, S, line, {**line, "cancelledAt": days_from_now(-1)})
    stopped = await find_only(scope, "entitlements")
    assert len(await numbers(scope)) == stopped["renewals"] == MAX_RENEWALS_PER_CHANGE
    while await renew_due(client):
        pass
    placed = sorted(order["placed_at"] for order in await documents(scope, "orders"))
    assert placed == [add_months(datetime(1986, 1, 15), n) for n in range(len(placed))]
    assert add_months(datetime(1986, 1, 15), len(placed)) == stopped["ends_at"] > utc_now()
    assert [problem async for problem in check_customers(scope)] == []


@pytest.mark.parametrize(("months", "other"), [(12, 1), (1, 12)])
async def test_terms_of_another_length_add_no_orders_for_the_past(client: Client, months: int, other: int) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    first = add_months(utc_now(), -29).replace(hour=0, minute=0, second=0, microsecond=0)
    line = subscription_record(
        autoRenew=True, termMonths=months, startsAt="2020-01-01T00:00:00Z", endsAt=format_instant(first)
    )
    await import_lines(scope, S, line)
    orders = await documents(scope, "orders")
    assert len(orders) == {12: 3, 1: 30}[months]
    for changes in ({}, {"autoRenew": False}, {"autoRenew": True}, {"cancelledAt": days_from_now(-1)}, {}):
        await import_lines(scope, S, {**line, "cancelledAt": None, "termMonths": other, **changes})
        assert await documents(scope, "orders") == orders
    renewed = await find_only(scope, "entitlements")
    count = {12: 3, 1: 30}[other]
    assert (renewed["renewals"], renewed["ends_at"]) == (count, add_months(first, count * other))
    # The next end passes: it gets an order, whose number is unique.
    renewal = compute_renewal(renewed, renewed["ends_at"], utc_now(), MAX_RENEWALS_PER_CHANGE)
    assert renewal is not None
    (order,) = await build_renewal_orders(scope, None, renewal.terms)
    assert order["placed_at"] == renewed["ends_at"]
    assert order["number"] == {12: "SUB-1-R4b", 1: "SUB-1-R31"}[other]


async def test_a_renewal_that_is_delivered_ahead_needs_none_of_ours(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    line = subscription_record(autoRenew=True, startsAt=days_from_now(-300), endsAt=days_from_now(60))
    await import_lines(scope, S, line)
    await import_lines(scope, O, order_record(kind="RENEWAL", placedAt=days_from_now(-1)))
    # Its end comes, and the ordering system has not delivered the next one.
    await import_lines(scope, S, {**line, "endsAt": days_from_now(-1)})
    assert (await find_only(scope, "entitlements"))["renewals"] == 1
    assert await numbers(scope) == ["ORD-1"]


@pytest.mark.parametrize("change", [{"kind": "ADD_LICENSES"}, {"subscription": "OTHER"}])
async def test_a_renewal_whose_delivered_order_becomes_another_one_has_ours_again(
    client: Client, change: dict[str, Any]
) -> None:
    scope, entitlement = await renewed(client)
    await import_lines(scope, S, subscription_record("OTHER"))
    placed = {"placedAt": format_instant(add_months(entitlement["first_ends_at"], 12))}
    await import_lines(scope, O, order_record(kind="RENEWAL", **placed))
    assert await numbers(scope) == ["ORD-1", "SUB-1-R1"]
    await import_lines(scope, O, order_record(**{"kind": "RENEWAL", **placed, **change}))
    assert await numbers(scope) == ["ORD-1", "SUB-1-R1", "SUB-1-R2"]


async def test_a_first_end_at_the_beginning_of_the_calendar_renews(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    ancient: dict[str, Any] = {"startsAt": "0001-01-01T00:00:00Z", "endsAt": "0001-01-02T00:00:00Z", "termMonths": 120}
    await import_lines(scope, S, subscription_record(autoRenew=True, **ancient))
    assert (await import_lines(scope, O, order_record(kind="RENEWAL", placedAt="0001-01-03T00:00:00Z"))).refusals == []
    while await renew_due(client):
        pass
    assert len(await numbers(scope)) == (await find_only(scope, "entitlements"))["renewals"] > 200


async def test_an_order_of_another_kind_or_time_leaves_ours_alone(client: Client) -> None:
    scope, entitlement = await renewed(client)
    near = format_instant(entitlement["first_ends_at"])
    await import_lines(scope, O, order_record("A", kind="ADD_LICENSES", placedAt=near))
    await import_lines(scope, O, order_record("B", kind="RENEWAL", placedAt=days_from_now(-1100)))
    assert await numbers(scope) == ["A", "B", "SUB-1-R1", "SUB-1-R2"]


async def test_a_delivered_order_takes_over_the_number_of_ours(client: Client) -> None:
    scope, entitlement = await renewed(client)
    placed = format_instant(entitlement["first_ends_at"])
    line = order_record("SUB-1-R1", kind="RENEWAL", placedAt=placed, amount="9.99", currency="EUR")
    assert (await import_lines(scope, O, line)).counts == (0, 1, 0, 0)
    assert await numbers(scope) == ["SUB-1-R1", "SUB-1-R2"]
    order = await find_only(scope, "orders", number="SUB-1-R1")
    assert (order["by_system"], order["amount"], order["version"]) == (False, "9.99", 2)


async def test_a_renewal_has_an_order_although_its_number_is_taken(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    await import_lines(scope, S, subscription_record("OTHER"), subscription_record(autoRenew=True))
    await import_lines(
        scope, O, *(order_record(f"SUB-1-R1{letter}", subscription="OTHER") for letter in ("", "b", "c"))
    )
    line = subscription_record(autoRenew=True, startsAt=days_from_now(-900), endsAt=days_from_now(-500))
    assert (await import_lines(scope, S, line)).counts == (0, 1, 0, 0)
    assert (await find_only(scope, "entitlements", number="SUB-1"))["renewals"] == 2
    assert await numbers(scope) == ["SUB-1-R1", "SUB-1-R1b", "SUB-1-R1c", "SUB-1-R1d", "SUB-1-R2"]


@pytest.mark.parametrize("subscription", ["OTHER", "SUB-1"])
async def test_an_order_of_ours_gives_its_number_to_another_delivered_order(client: Client, subscription: str) -> None:
    scope, entitlement = await renewed(client)
    await import_lines(scope, C, customer_record("C-2"))
    await import_lines(scope, S, subscription_record("OTHER", customer="C-2"))
    line = order_record("SUB-1-R1", subscription=subscription)
    assert (await import_lines(scope, O, line)).counts == (1, 0, 0, 0)
    assert await numbers(scope) == ["SUB-1-R1", "SUB-1-R1b", "SUB-1-R2"]
    ours = await find_only(scope, "orders", number="SUB-1-R1b")
    assert (ours["entitlement_id"], ours["placed_at"], ours["version"]) == (
        entitlement["_id"],
        entitlement["first_ends_at"],
        2,
    )
    renumbered = await find_only(scope, "events", subject_id=ours["_id"])
    assert (renumbered["customer_id"], renumbered["changes"]) == (
        entitlement["customer_id"],
        {"number": ["SUB-1-R1", "SUB-1-R1b"]},
    )
    assert (await import_lines(scope, O, line)).counts == (0, 0, 1, 0)


async def test_the_sample_is_taken_whole_and_repeating_it_writes_nothing(client: Client, tmp_path: Path) -> None:
    scope = await partner_scope(client)
    sample = make(tmp_path, 60, day=utc_now().date())
    for kind in (C, S, T, O, I, ImportKind.LICENSE_USAGE):
        imported = await import_lines(scope, kind, *sample[kind])
        assert imported.counts == (len(sample[kind]), 0, 0, 0), imported.reasons[:3]
    before = await stored(scope)
    for kind in (C, S, T, O, I, ImportKind.LICENSE_USAGE):
        assert (await import_lines(scope, kind, *sample[kind])).counts == (0, 0, len(sample[kind]), 0)
    assert await stored(scope) == before
    assert len(await documents(scope, "events", kind="ORDER_ADDED")) == len(sample["orders"])
    assert len(await documents(scope, "events", kind="INVOICE_CHANGED")) == len(sample["invoices"])
    assert [problem async for problem in check_customers(scope)] == []


async def test_lines_for_many_subscriptions_of_one_customer_at_once_lose_nothing(scope: Scope) -> None:
    lines = [subscription_record(f"S-{number}") for number in range(250)]
    await import_lines(scope, S, *lines)
    version = (await find_only(scope, "customers"))["version"]
    papers = [order_record(f"O-{number}", subscription=f"S-{number}") for number in range(250)]
    assert (await import_lines(scope, O, *papers)).counts == (250, 0, 0, 0)
    # Three slices, each one change of the customer.
    assert (await find_only(scope, "customers"))["version"] >= version + 3
    assert len(await documents(scope, "events", kind="ORDER_ADDED")) == 250


async def test_two_imports_of_the_same_numbers_at_one_time_add_each_once(scope: Scope) -> None:
    papers = [invoice_record(f"I-{number}") for number in range(20)]
    both = await asyncio.gather(import_lines(scope, I, *papers), import_lines(scope, I, *papers))
    assert sorted(imported.summary.added for imported in both) == [0, 20]
    assert len(await documents(scope, "events", kind="INVOICE_CHANGED")) == 20
