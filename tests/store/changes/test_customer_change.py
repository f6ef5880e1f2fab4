"""The write path stores facts, statuses, keys, orders and events in one transaction."""

import asyncio
from datetime import datetime, time, timedelta

from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.store.factory_customers import DAY, add_customer, events_of, partner_scope, stored, subscription


async def no_change(_: CustomerBatch) -> None:
    """Change nothing."""


async def test_a_new_customer_is_stored_with_its_projection(client: Client) -> None:
    scope = await partner_scope(client)
    end = utc_now() + 5 * DAY
    customer = await stored(scope, await add_customer(scope, "C-1", held := subscription("S-1", ends_at=end)))
    assert customer["statuses"] == ["EXPIRING_SOON", "SUBSCRIPTION"]
    assert [d["since"] for d in customer["status_details"]] == [end - 7 * DAY, held["starts_at"]]
    assert [d["entered_at"] for d in customer["status_details"]] == [customer["evaluated_at"]] * 2
    on = datetime.combine(end.date(), time())
    reason = {"code": "EXPIRES", "type": "SUBSCRIPTION", "number": "S-1", "on": on, "others": 0}
    assert customer["status_details"][0]["reason"] == reason
    assert (customer["products"], customer["subscription_types"]) == (["MEETINGS"], ["SUBSCRIPTION"])
    assert (customer["next_expiry_at"], customer["next_evaluation_at"]) == (end, end)
    assert {"*", "status:EXPIRING_SOON", "running:MEETINGS", "w:cus"} <= set(customer["keys"])
    assert customer["version"] == 1


async def test_a_change_has_one_event_and_one_event_has_the_transition(client: Client) -> None:
    scope = await partner_scope(client)
    told = await events_of(scope, await add_customer(scope, "C-1", subscription("S-1")))
    assert [(e["kind"], e["is_first_of_change"]) for e in told] == [("CUSTOMER_ADDED", True), ("STATUS_CHANGED", False)]
    assert (told[1]["entered"], told[1]["left"], told[1]["statuses"]) == (["SUBSCRIPTION"], [], ["SUBSCRIPTION"])
    assert told[1]["facts_before"] is None
    assert "status:SUBSCRIPTION" in told[1]["facts_after"]["keys"]


async def test_evaluating_a_customer_that_is_not_due_changes_nothing(client: Client) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1"))
    before, told = await stored(scope, id_), await events_of(scope, id_)
    await change_customers(scope, {"_id": id_}, no_change)
    assert await stored(scope, id_) == before
    assert await events_of(scope, id_) == told


async def test_a_status_changed_by_time_keeps_its_moment_although_the_write_came_later(client: Client) -> None:
    scope = await partner_scope(client)
    end = utc_now() + timedelta(seconds=1)
    id_ = await add_customer(scope, "C-1", subscription("S-1", ends_at=end), subscription("S-2", auto_renew=True))
    while utc_now() < end:
        await asyncio.sleep(0)
    await _overrun(scope, id_)
    details = {d["status"]: d["since"] for d in (await stored(scope, id_))["status_details"]}
    assert set(details) == {"LICENSE_OVERAGE", "SUBSCRIPTION"}
    turned = [e for e in await events_of(scope, id_) if e["kind"] == "STATUS_CHANGED"][1:]
    assert [(e["at"] == end, e["entered"], e["left"]) for e in turned] == [
        (True, [], ["EXPIRING_SOON"]),
        (False, ["LICENSE_OVERAGE"], []),
    ]
    assert details["LICENSE_OVERAGE"] == turned[1]["at"] > end


async def _overrun(scope: Scope, id_: str) -> None:
    async def body(batch: CustomerBatch) -> None:
        line = {"product": "MEETINGS", "total": 10, "assigned": 11, "used": 3, "day": None}
        batch.changes[0].update_entitlement("S-2", {"licenses": [line]})

    await change_customers(scope, {"_id": id_}, body)


async def test_a_renewal_is_written_with_one_order_per_term(client: Client) -> None:
    scope = await partner_scope(client)
    first_end = utc_now() - 70 * DAY
    held = subscription("S-1", auto_renew=True, ends_at=first_end, term_months=1, starts_at=first_end - 30 * DAY)
    id_ = await add_customer(scope, "C-1", held)
    entitlement = await scope.collection("entitlements").find_one({**scope.match(), "number": "S-1"})
    orders = await scope.collection("orders").find(scope.match(), sort=[("number", 1)])
    assert entitlement is not None and entitlement["renewals"] == len(orders) == 3
    assert [order["number"] for order in orders] == ["S-1-R1", "S-1-R2", "S-1-R3"]
    assert orders[0]["placed_at"] == first_end and orders[0]["lines"] == [{"product": "MEETINGS", "quantity": 10}]
    assert entitlement["ends_at"] == (await stored(scope, id_))["next_expiry_at"] > utc_now()


async def test_twenty_concurrent_writers_lose_no_change(client: Client) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1"))

    async def add(number: int) -> None:
        async def body(batch: CustomerBatch) -> None:
            document = subscription(f"N-{number:02}")
            batch.changes[0].add_entitlement({**document, "customer_id": id_})

        await change_customers(scope, {"_id": id_}, body)

    await asyncio.gather(*(add(number) for number in range(20)))
    customer = await stored(scope, id_)
    assert customer["version"] == 21
    assert len(customer["status_details"][0]["entitlement_ids"]) == 21


async def test_an_expired_assignment_is_removed_with_an_event(client: Client) -> None:
    scope = await partner_scope(client)
    end = utc_now() + timedelta(seconds=1)
    held = {
        "administrator_id": "adm_1",
        "assigned_at": utc_now(),
        "assigned_by": None,
        "expires_at": end,
        "imported": True,
    }
    id_ = await add_customer(scope, "C-1", assignments=[held])
    assert "administrator:adm_1" in (await stored(scope, id_))["keys"]
    while utc_now() < end:
        await asyncio.sleep(0)
    await change_customers(scope, {"_id": id_}, no_change)
    customer = await stored(scope, id_)
    assert (customer["assignments"], "administrator:adm_1" in customer["keys"]) == ([], False)
    last = (await events_of(scope, id_))[-1]
    assert (last["kind"], last["at"], last["subject_id"]) == ("ADMINISTRATOR_UNASSIGNED", end, "adm_1")


async def test_a_removal_delivered_for_later_has_an_event_at_its_moment(client: Client) -> None:
    scope = await partner_scope(client)
    removed_at = utc_now() + timedelta(seconds=1)
    id_ = await add_customer(scope, "C-1", subscription("S-1"), removed_at=removed_at)
    assert (await stored(scope, id_))["next_evaluation_at"] == removed_at
    while utc_now() < removed_at:
        await asyncio.sleep(0)
    await change_customers(scope, {"_id": id_}, no_change)
    customer = await stored(scope, id_)
    assert (customer["keys"], customer["statuses"], customer["next_evaluation_at"]) == ([], [], None)
    told = [event for event in await events_of(scope, id_) if event["kind"] == "CUSTOMER_REMOVED"]
    assert [(event["at"], event["facts_after"]) for event in told] == [(removed_at, None)]
