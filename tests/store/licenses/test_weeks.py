"""Weekly sums of licences: who sees which, late snapshots, removed customers, and what is kept of a partner's."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.imports.records import ImportKind
from domain.time.weeks import WEEK, latest_completed_week
from domain.types import AnalyticsProduct, PartnerRole
from store.changes.consistency_check import repair_customers
from store.customers.visibility import visible_customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.trend import read_license_trend
from tests.domain.imports.factory_records import customer_record, usage_record
from tests.factory_documents import assignment
from tests.jobs.imports.factory_imports import documents, import_lines
from tests.store.factory_customers import DAY, add_customer, partner_scope, subscription

MEETINGS, CALLING = AnalyticsProduct.MEETINGS, AnalyticsProduct.CALLING


def latest() -> datetime:
    """Monday of the latest completed week: a run of all tests may pass the end of a week."""
    return latest_completed_week(utc_now())


def sunday() -> datetime:
    return latest() + 6 * DAY


def earlier() -> datetime:
    return latest() - WEEK


async def deliver(scope: Scope, *lines: tuple[str, datetime, int], product: str = "MEETINGS") -> None:
    """Usage by entitlement, day and licences assigned; each line has ten in all, and uses half of what is assigned."""
    given = [
        usage_record(number, product=product, day=f"{day:%Y-%m-%d}", total=10, assigned=assigned, used=assigned // 2)
        for number, day, assigned in lines
    ]
    assert (await import_lines(scope, ImportKind.LICENSE_USAGE, *given)).summary.refused == 0


async def trend(
    scope: Scope, product: AnalyticsProduct = MEETINGS, weeks: int = 12, ids_per_query: int = 100
) -> list[tuple[int, ...]]:
    """Weeks back from the latest, then total, assigned, used and available."""
    customers = await visible_customers(scope, ids_per_query=ids_per_query)
    points = await read_license_trend(scope, product, latest() - (weeks - 1) * WEEK, latest(), customers)
    return [((latest() - point.week_start) // WEEK, *point.sums) for point in points]


def held(number: str) -> dict[str, Any]:
    products = ("MEETINGS", "CALLING", "MESSAGING")
    lines = [{"product": product, "total": 10, "assigned": 5, "used": 3, "day": None} for product in products]
    return subscription(number, licenses=lines)


@pytest.fixture
async def scope(client: Client) -> Scope:
    """Three customers with one subscription each; an administrator is assigned to the first and the second."""
    scope = await partner_scope(client)
    for number in (1, 2, 3):
        assignments = [assignment("adm_1")] if number < 3 else []
        await add_customer(scope, f"C-{number}", held(f"S-{number}"), assignments=assignments)
    return scope


def assigned(scope: Scope) -> Scope:
    return replace(scope, administrator_id="adm_1", role=PartnerRole.ADMINISTRATOR)


async def test_a_week_shows_the_last_snapshot_of_each_line_in_it(scope: Scope) -> None:
    await deliver(scope, ("S-1", earlier(), 2), ("S-1", latest(), 3), ("S-1", sunday(), 12), ("S-2", latest(), 4))
    await deliver(scope, ("S-1", sunday() + DAY, 9), ("S-3", sunday(), 1))
    assert await trend(scope) == [(1, 10, 2, 1, 8), (0, 30, 17, 8, 0 + 6 + 9)]
    assert await trend(scope, weeks=1) == [(0, 30, 17, 8, 15)]
    assert await trend(scope, CALLING) == []


async def test_calling_weeks_store_the_assigned_licences_of_each_line(scope: Scope) -> None:
    await deliver(scope, ("S-1", earlier(), 2), ("S-1", latest(), 3), ("S-1", sunday(), 7), product="CALLING")
    await deliver(scope, ("S-1", sunday(), 4))
    await add_customer(scope, "C-4", held("S-4"), held("S-5"))
    await deliver(scope, ("S-4", sunday(), 1), ("S-5", sunday(), 2), ("S-4", sunday(), 6), product="CALLING")
    ids = {one["_id"]: one["number"] for one in await documents(scope, "entitlements")}
    found = [
        (
            row["product"],
            row["week"],
            sorted((ids[line["id"].split(":")[0]], line["assigned"]) for line in row["lines"]),
        )
        for row in await documents(scope, "license_customer_weeks")
    ]
    assert sorted(found) == [
        ("CALLING", earlier(), [("S-1", 2)]),
        ("CALLING", latest(), [("S-1", 7)]),
        ("CALLING", latest(), [("S-4", 6), ("S-5", 2)]),
        ("MEETINGS", latest(), []),
    ]


async def test_the_running_week_has_no_point(scope: Scope) -> None:
    await deliver(scope, ("S-1", latest() + WEEK, 2), ("S-1", sunday(), 3))
    assert await trend(scope) == [(0, 10, 3, 1, 7)]


async def test_products_and_partners_are_apart_and_other_products_are_not_summed(scope: Scope, client: Client) -> None:
    other = await partner_scope(client, "other")
    await add_customer(other, "C-1", held("S-1"))
    await deliver(scope, ("S-1", sunday(), 3))
    await deliver(scope, ("S-1", sunday(), 4), product="CALLING")
    await deliver(scope, ("S-1", sunday(), 5), product="MESSAGING")
    await deliver(other, ("S-1", sunday(), 6))
    assert [await trend(scope), await trend(scope, CALLING)] == [[(0, 10, 3, 1, 7)], [(0, 10, 4, 2, 6)]]
    assert await trend(other) == [(0, 10, 6, 3, 4)]
    assert {row["product"] for row in await documents(scope, "license_customer_weeks")} == {"MEETINGS", "CALLING"}


async def test_an_assigned_administrator_sees_their_customers_alone(scope: Scope) -> None:
    await deliver(
        scope, ("S-1", earlier(), 2), ("S-2", sunday(), 3), ("S-3", sunday(), 4), ("S-3", earlier() - WEEK, 4)
    )
    assert await trend(assigned(scope)) == [(1, 10, 2, 1, 8), (0, 10, 3, 1, 7)]
    assert await trend(assigned(scope), ids_per_query=1) == await trend(assigned(scope))
    nobody = replace(assigned(scope), administrator_id="adm_2")
    assert await trend(nobody) == []


async def settle(scope: Scope) -> None:
    """As if everything had been written ten minutes ago, what is kept five minutes ago."""
    for name, minutes in (("license_customer_weeks", 10), ("license_weeks", 5)):
        for row in await documents(scope, name):
            before = {"$set": {"updated_at": utc_now() - timedelta(minutes=minutes)}}
            await scope.collection(name).update_one({**scope.match(), "_id": row["_id"]}, before)


async def test_settled_partner_sums_are_stored_and_corrected_by_late_snapshots(scope: Scope) -> None:
    await deliver(scope, ("S-1", earlier(), 2), ("S-1", sunday(), 3))
    both = [(1, 10, 2, 1, 8), (0, 10, 3, 1, 7)]
    assert await trend(scope) == both
    assert await documents(scope, "license_weeks") == []
    await settle(scope)
    assert await trend(scope) == both
    kept = await documents(scope, "license_weeks")
    assert len(kept) == 2
    await settle(scope)
    assert await trend(scope) == both
    assert [one["version"] for one in await documents(scope, "license_weeks")] == [1, 1]
    await deliver(scope, ("S-2", earlier(), 5), ("S-1", sunday(), 9))
    assert await trend(scope) == [(1, 20, 7, 3, 13), (0, 10, 9, 4, 1)]
    # An assigned administrator never reads what is kept of the whole partner.
    assert await trend(replace(assigned(scope), administrator_id="adm_2")) == []


async def test_a_stored_sum_is_read_while_nothing_changes(scope: Scope) -> None:
    await deliver(scope, ("S-1", sunday(), 3))
    await settle(scope)
    await trend(scope)
    await settle(scope)
    (kept,) = await documents(scope, "license_weeks")
    await scope.collection("license_weeks").update_one({**scope.match(), "_id": kept["_id"]}, {"$set": {"total": 11}})
    assert await trend(scope) == [(0, 11, 3, 1, 7)]


async def test_a_removed_customer_counts_in_no_week_and_counts_again_once_it_is_back(scope: Scope) -> None:
    await deliver(scope, ("S-1", earlier(), 2), ("S-2", sunday(), 3))
    await settle(scope)
    before = await trend(scope)
    await settle(scope)
    line = customer_record("C-2", removedAt=f"{sunday():%Y-%m-%d}T00:00:00Z")
    await import_lines(scope, ImportKind.CUSTOMERS, line)
    assert await trend(scope) == [(1, 10, 2, 1, 8)]
    # What is delivered for it in the meantime waits with it.
    await deliver(scope, ("S-2", earlier(), 7))
    assert await trend(scope) == [(1, 10, 2, 1, 8)]
    await import_lines(scope, ImportKind.CUSTOMERS, {**line, "removedAt": None})
    assert await trend(scope) == [(1, 20, 9, 4, 11), before[-1]]


async def test_settled_weeks_are_read_from_few_documents(scope: Scope) -> None:
    await deliver(scope, *((f"S-{number}", sunday() - week * WEEK, 3) for week in range(12) for number in (1, 2, 3)))
    plan = await scope.client.command(
        {
            "explain": {
                "aggregate": "license_customer_weeks",
                "pipeline": [
                    {"$match": {**scope.match(), "product": "MEETINGS", "week": {"$gte": latest() - 11 * WEEK}}},
                    {"$sort": {"partner_id": 1, "product": 1, "week": 1, "updated_at": -1}},
                    {"$group": {"_id": "$week", "newest": {"$first": "$updated_at"}}},
                ],
                "cursor": {},
            },
            "verbosity": "queryPlanner",
        }
    )
    assert "DISTINCT_SCAN" in str(plan)
    assert len(await trend(scope)) == 12


async def test_concurrent_first_requests_all_succeed(scope: Scope) -> None:
    await deliver(scope, *(("S-1", sunday() - week * WEEK, 3) for week in range(9)))
    await settle(scope)
    answers = await asyncio.gather(*(trend(scope) for _ in range(30)))
    assert all(answer == answers[0] and len(answer) == 9 for answer in answers)
    assert len(await documents(scope, "license_weeks")) == 9


async def test_a_sum_that_cannot_be_stored_is_still_returned(scope: Scope) -> None:
    await deliver(scope, ("S-1", sunday(), 3))
    await settle(scope)
    in_the_way = {"_id": f"{scope.partner_id}:MEETINGS:{latest().date()}", "partner_id": "other", "version": 1}
    stamps = {"created_at": sunday(), "updated_at": sunday()}
    await scope.collection("license_weeks").insert_many([{**in_the_way, **stamps}])
    assert await trend(scope) == [(0, 10, 3, 1, 7)]


async def test_a_repair_corrects_sums_and_deletes_sums_without_snapshots(scope: Scope) -> None:
    await deliver(scope, ("S-1", earlier(), 2), ("S-1", sunday(), 3), ("S-2", latest(), 4))
    right = await trend(scope)
    rows = scope.collection("license_customer_weeks")
    first, second, third = await documents(scope, "license_customer_weeks")
    await rows.delete_many({**scope.match(), "_id": first["_id"]})
    await rows.update_one({**scope.match(), "_id": second["_id"]}, {"$set": {"used": 9}})
    await rows.update_one({**scope.match(), "_id": third["_id"]}, {"$set": {"is_removed": True}})
    await rows.insert_many([{**first, "_id": "nowhere", "week": earlier() - WEEK}])
    assert await trend(scope) != right
    await repair_customers(scope, [customer["_id"] for customer in await documents(scope, "customers")])
    assert await trend(scope) == right
