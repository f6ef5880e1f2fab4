"""Imports of orders and invoices: what they add, change, refuse and tell, and which orders of ours they replace."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.imports.records import ImportKind
from domain.time.instants import add_months, format_instant
from store.changes.customer_batch import CustomerBatch, change_customers
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
    assert told["facts_before"]["keys"] == told["facts_after"]["keys"]


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


async def test_refuses_unknown_targets_taken_numbers_and_amounts_of_no_currency(scope: Scope) -> None:
    await import_lines(scope, S, subscription_record("SUB-2"))
    await import_lines(scope, T, trial_record("TRI-1"))
    await import_lines(scope, O, order_record())
    refused = await import_lines(
        scope,
        O,
        order_record("A", subscription="SUB-9"),
        order_record("B", subscription="TRI-1"),
        order_record(subscription="SUB-2"),
        order_record("C", amount="5"),
        order_record("D", subscription="SUB-2"),
    )
    assert refused.reasons == [
        (1, "A", "subscription", "there is no subscription 'SUB-9'"),
        (2, "B", "subscription", "there is no subscription 'TRI-1'"),
        (3, "ORD-1", "number", "is taken by an order of another subscription"),
        (4, "C", "currency", "is missing: an amount needs one"),
    ]
    assert refused.counts == (1, 0, 0, 4)


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
    # A cancellation that is taken back makes our renewals count anew, and not what was delivered.
    for cancelled_at in (days_from_now(-300), None):
        delivered = entitlement["delivered"]
        times = {name: format_instant(delivered[name]) for name in ("startsAt", "addedAt", "endsAt")}
        await import_lines(scope, S, subscription_record(autoRenew=True, **times, cancelledAt=cancelled_at))
    assert (await find_only(scope, "entitlements"))["renewals"] == 2
    assert await numbers(scope) == ["ORD-1", "SUB-1-R1"]


async def test_a_renewal_that_is_delivered_ahead_needs_none_of_ours(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    line = subscription_record(autoRenew=True, startsAt=days_from_now(-300), endsAt=days_from_now(60))
    await import_lines(scope, S, line)
    await import_lines(scope, O, order_record(kind="RENEWAL", placedAt=days_from_now(-1)))
    # Its end has come since, and the ordering system has not delivered the next one.
    end = utc_now() - timedelta(seconds=1)

    async def passed(batch: CustomerBatch) -> None:
        batch.changes[0].update_entitlement("SUB-1", {"first_ends_at": end, "ends_at": end})

    await change_customers(scope, {"external_id": "C-1"}, passed)
    assert (await find_only(scope, "entitlements"))["renewals"] == 1
    assert await numbers(scope) == ["ORD-1"]


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


async def test_a_delivered_order_with_a_number_of_ours_does_not_stop_the_clock(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, C, customer_record())
    await import_lines(scope, S, subscription_record("OTHER"), subscription_record(autoRenew=True))
    await import_lines(scope, O, order_record("SUB-1-R1", subscription="OTHER"))
    line = subscription_record(autoRenew=True, startsAt=days_from_now(-700), endsAt=days_from_now(-300))
    assert (await import_lines(scope, S, line)).counts == (0, 1, 0, 0)
    assert (await find_only(scope, "entitlements", number="SUB-1"))["renewals"] == 1
    assert await numbers(scope) == ["SUB-1-R1"]


async def test_the_sample_is_taken_whole_and_repeating_it_writes_nothing(client: Client, tmp_path: Path) -> None:
    scope = await partner_scope(client)
    sample = make(tmp_path, 60, day=utc_now().date())
    for kind in (C, S, O, I):
        imported = await import_lines(scope, kind, *sample[kind])
        assert imported.counts == (len(sample[kind]), 0, 0, 0), imported.reasons[:3]
    before = await stored(scope)
    for kind in (C, S, O, I):
        assert (await import_lines(scope, kind, *sample[kind])).counts == (0, 0, len(sample[kind]), 0)
    assert await stored(scope) == before
    assert len(await documents(scope, "events", kind="ORDER_ADDED")) == len(sample["orders"])
    assert len(await documents(scope, "events", kind="INVOICE_CHANGED")) == len(sample["invoices"])


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
