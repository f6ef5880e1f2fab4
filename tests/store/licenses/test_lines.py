"""Licence lines are written with their customer, and always say what the entitlements do."""

from datetime import timedelta
from typing import Any

import pytest

from domain.entitlements.license_lines import build_license_lines
from domain.entitlements.peer_groups import PeerGroup
from domain.types import ActivityKind, AnalyticsProduct
from store.changes.consistency_check import repair_customers
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.events.log import EventDraft
from store.licenses.lines import (
    match_expiring,
    match_low_assignment,
    match_over_limit,
    match_recently_added,
    match_renewing,
)
from store.licenses.peer_groups import read_peer_group
from store.licenses.use_peaks import PEAK_FIELDS
from tests.store.factory_customers import (
    DAY,
    add_customer,
    partner_scope,
    stored,
    subscription,
    trial,
)

MEETINGS, CALLING = AnalyticsProduct.MEETINGS, AnalyticsProduct.CALLING


def line(product: str = "MEETINGS", total: int = 10, assigned: int = 5, used: int = 3) -> dict[str, Any]:
    return {"product": product, "total": total, "assigned": assigned, "used": used, "day": None}


async def lines_of(scope: Scope, **where: Any) -> list[Document]:
    return await scope.collection("license_lines").find(
        {**scope.match(), **where}, sort=[("number", 1), ("product", 1)]
    )


async def change(scope: Scope, customer_id: str, number: str | None, **fields: Any) -> None:
    async def body(batch: CustomerBatch) -> None:
        (work,) = batch.changes
        if number is None:
            work.update_customer(fields)
        else:
            work.update_entitlement(number, fields)
        work.add_event(EventDraft(ActivityKind.CUSTOMER_CHANGED, work.id, "changed"))

    await change_customers(scope, {"_id": customer_id}, body)


async def assert_lines_are_right(scope: Scope) -> None:
    """What is stored is what the rules make of what is stored beside it."""
    expected: dict[str, Document] = {}
    for customer in await scope.collection("customers").find(scope.match()):
        if customer["keys"]:
            held = await scope.collection("entitlements").find({**scope.match(), "customer_id": customer["_id"]})
            expected |= build_license_lines(customer, held, customer["evaluated_at"])
    apart = ("_id", "partner_id", "version", "created_at", "updated_at", *PEAK_FIELDS)
    found = {one["_id"]: {k: v for k, v in one.items() if k not in apart} for one in await lines_of(scope)}
    assert found == expected


async def test_the_lines_of_each_product_are_a_document(client: Client) -> None:
    scope = await partner_scope(client)
    held = subscription("S-1", licenses=[line(total=4, assigned=6), line("CALLING", 8, 2, 1), line("MESSAGING")])
    id_ = await add_customer(scope, "C-1", held, name="Ä Telecom")
    calling, meetings, messaging = await lines_of(scope)
    assert (messaging["product"], messaging["peer_rate"]) == ("MESSAGING", None)
    assert (calling["_id"], meetings["_id"]) == (f"{held['_id']}:CALLING", f"{held['_id']}:MEETINGS")
    assert (calling["customer_id"], calling["name_folded"], calling["number"]) == (id_, "a telecom", "S-1")
    assert (calling["total"], calling["assigned"], calling["used"], calling["overage"]) == (8, 2, 1, 0)
    assert (calling["rate"], calling["used_rate"], calling["peer_rate"]) == (0.25, 0.125, 0.25)
    assert (meetings["rate"], meetings["overage"], meetings["peer_rate"]) == (1.5, 2, None)
    assert (meetings["kind"], meetings["auto_renew"], meetings["is_running"]) == ("SUBSCRIPTION", False, True)
    assert (meetings["version"], meetings["ends_at"]) == (1, held["ends_at"])


async def test_only_lines_that_differ_are_written(client: Client) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1", licenses=[line(), line("CALLING")]), subscription("S-2"))
    await change(scope, id_, "S-1", licenses=[line(assigned=7), line("CALLING")])
    assert [(one["number"], one["product"], one["version"]) for one in await lines_of(scope)] == [
        ("S-1", "CALLING", 1),
        ("S-1", "MEETINGS", 2),
        ("S-2", "MEETINGS", 1),
    ]
    await assert_lines_are_right(scope)


async def test_lines_follow_names_products_and_removals(client: Client) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1", licenses=[line(), line("CALLING")]))
    await change(scope, id_, None, name="Zephyr")
    assert {one["name_folded"] for one in await lines_of(scope)} == {"zephyr"}
    await change(scope, id_, "S-1", licenses=[line("CALLING")])
    assert [one["product"] for one in await lines_of(scope)] == ["CALLING"]
    await change(scope, id_, None, removed_at=utc_now() - DAY)
    assert await lines_of(scope) == []
    await change(scope, id_, None, removed_at=None)
    assert [one["product"] for one in await lines_of(scope)] == ["CALLING"]
    await assert_lines_are_right(scope)


async def test_a_line_stops_running_when_the_clock_says_so(client: Client) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", trial("T-1"), subscription("S-1", auto_renew=True, term_months=1))
    await change(scope, id_, "T-1", first_ends_at=utc_now() - DAY, ends_at=utc_now() - DAY)
    assert [(one["number"], one["is_running"]) for one in await lines_of(scope)] == [("S-1", True), ("T-1", False)]
    await change(scope, id_, "S-1", first_ends_at=utc_now() - DAY, ends_at=utc_now() - DAY)
    (renewed, _) = await lines_of(scope)
    assert renewed["ends_at"] == (await stored(scope, id_))["next_expiry_at"] > utc_now() + 20 * DAY
    await assert_lines_are_right(scope)


async def test_a_repair_replaces_lines_that_were_written_wrongly(client: Client) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1", licenses=[line(), line("CALLING")]))
    await scope.collection("license_lines").update_one(
        {**scope.match(), "product": "CALLING"}, {"$unset": {"rate": ""}}
    )
    await repair_customers(scope, [id_])
    await assert_lines_are_right(scope)


async def test_windows_are_open_below_and_closed_above(client: Client) -> None:
    scope = await partner_scope(client)
    now = utc_now()
    ms = timedelta(milliseconds=1)
    ends = {"at": now + 90 * DAY, "behind": now + 90 * DAY + ms, "soon": now + DAY}
    held = [subscription(number, ends_at=end, auto_renew=number == "soon") for number, end in ends.items()]
    await add_customer(scope, "C-1", *held)
    assert await _numbers(scope, match_expiring(now, 90)) == ["at"]
    assert await _numbers(scope, match_renewing(now, 90)) == ["soon"]
    assert await _numbers(scope, match_renewing(ends["soon"], 90)) == []
    assert await _numbers(scope, match_expiring(now - ms, 90)) == []


async def test_recently_added_lines_may_be_in_any_state_but_cancelled(client: Client) -> None:
    scope = await partner_scope(client)
    now = utc_now()
    await add_customer(
        scope,
        "C-1",
        subscription("cancelled", cancelled_at=now - DAY),
        subscription("cancelled later", cancelled_at=now + DAY),
        subscription("ended", ends_at=now - DAY),
        subscription("not set up", set_up=False),
        subscription("old", added_at=now - 90 * DAY),
    )
    assert await _numbers(scope, match_recently_added(now, 90)) == ["cancelled later", "ended", "not set up"]


async def _numbers(scope: Scope, where: Document) -> list[str]:
    return [one["number"] for one in await lines_of(scope, **where)]


@pytest.mark.parametrize(("peers", "threshold", "below"), [(7, None, []), (8, 0.2, ["P-1"]), (12, 0.3, ["P-1", "P-2"])])
async def test_low_lines_are_below_the_threshold_of_their_peer_group(
    client: Client, peers: int, threshold: float | None, below: list[str]
) -> None:
    scope = await partner_scope(client)
    now = utc_now()
    old = {"added_at": now - 30 * DAY}
    group = [subscription(f"P-{n}", licenses=[line(assigned=n)], **old) for n in range(1, peers + 1)]
    others = [
        subscription("young", licenses=[line(assigned=0)], added_at=now - 30 * DAY + timedelta(milliseconds=1)),
        subscription("small", licenses=[line(total=4, assigned=0, used=0)], **old),
        subscription("ended", licenses=[line(assigned=0)], ends_at=now - DAY, **old),
        subscription("calling", licenses=[line("CALLING", assigned=0)], **old),
    ]
    await add_customer(scope, "C-1", *group, *others)
    assert await read_peer_group(scope, MEETINGS, now) == PeerGroup(peers, threshold)
    assert await read_peer_group(scope, CALLING, now) == PeerGroup(1, None)
    assert await _numbers(scope, {"product": "MEETINGS", **match_low_assignment(now, threshold)}) == below


async def test_an_empty_group_has_no_threshold(client: Client) -> None:
    scope = await partner_scope(client)
    assert await read_peer_group(scope, MEETINGS, utc_now()) == PeerGroup(0, None)


async def test_only_running_lines_are_over_their_limit(client: Client) -> None:
    scope = await partner_scope(client)
    over = {"licenses": [line(total=1, assigned=2)]}
    await add_customer(
        scope, "C-1", subscription("over", **over), subscription("ended", ends_at=utc_now() - DAY, **over)
    )
    assert await _numbers(scope, match_over_limit()) == ["over"]
