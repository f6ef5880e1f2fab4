"""The deep check reports exactly the stored values that do not follow from the facts of a customer."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from domain.imports.records import ImportKind
from domain.types import ActivityKind
from server.cli.checks import find_deep_problems
from store.changes.consistency_check import OVERDUE_AFTER, Problem, check_customers
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.events.log import EventDraft
from store.indexes import ensure_indexes
from store.licenses.peer_histogram import is_histogram_correct
from store.tenants.partners import Partners
from tests import random_values as rv
from tests.domain.imports.factory_records import usage_record
from tests.factory_documents import line
from tests.jobs.imports.factory_imports import documents, import_lines
from tests.random_values import seeded
from tests.store.factory_customers import (
    DAY,
    add_customer,
    add_customers,
    events_of,
    partner_scope,
    stored,
    subscription,
    trial,
)

USED = (("S-1", "CALLING"), ("S-1", "MEETINGS"), ("S-2", "MEETINGS"))


async def problems(scope: Scope) -> list[Problem]:
    return [problem async for problem in check_customers(scope)]


async def put(scope: Scope, collection: str, where: Document, **fields: Any) -> None:
    assert await scope.collection(collection).update_one({**scope.match(), **where}, {"$set": fields})


async def test_customers_of_several_batches_have_no_problem_after_the_write_path(client: Client) -> None:
    scope = await partner_scope(client)
    held = ((f"C-{n:03}", [subscription(f"S-{n}"), trial(f"T-{n}")]) for n in range(130))
    await add_customers(scope, held)
    await add_customer(scope, "GONE", subscription("S-GONE"), removed_at=utc_now() - DAY)
    assert await problems(scope) == []


@pytest.mark.parametrize(
    ("collection", "fields", "found"),
    [
        ("customers", {"statuses": ["EXPIRED"]}, "statuses is ['EXPIRED'] and should be ['SUBSCRIPTION']"),
        ("customers", {"holdings": {}}, "holdings is {} and should be"),
        ("customers", {"holdings.MEETINGS.assigned": 6}, "holdings is"),
        ("customers", {"keys": ["*"]}, "keys ["),
        ("customers", {"order_keys": ["*"]}, "order_keys ["),
        ("customers", {"next_evaluation_at": None}, "next_evaluation_at is None and should be"),
        ("license_lines", {"used": 9}, "licence lines ['sub_"),
        ("license_lines", {"customer_id": "cus_other"}, "licence lines ['sub_"),
        ("entitlements", {"set_up": False}, "statuses is ['SUBSCRIPTION'] and should be ['READY_FOR_ORDER_SETUP']"),
    ],
)
async def test_reports_and_repairs_each_problem(client: Client, collection: str, fields: Document, found: str) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1"))
    await put(scope, collection, {}, **fields)
    told = await problems(scope)
    assert {one.external_id for one in told} == {"C-1"} and any(one.description.startswith(found) for one in told)
    said = await find_deep_problems(client)
    assert said[0].startswith(f"acme: customer C-1 ({id_}): ") and "--repair" in said[-1]
    assert "written anew" in (await find_deep_problems(client, repair=True))[-1]
    assert await find_deep_problems(client) == []
    assert (await events_of(scope, id_))[-1]["kind"] in ("CUSTOMER_CHANGED", "STATUS_CHANGED")


async def test_reports_and_repairs_a_wrong_peer_histogram(client: Client) -> None:
    scope = await partner_scope(client)
    await add_customer(scope, "C-1", subscription("S-1"))
    await put(scope, "peer_histogram", {}, counts={"MEETINGS:9": 4})
    assert (await find_deep_problems(client))[0] == (
        "acme: the partner: the counts of the peer groups are not those of the licence lines"
    )
    assert "written anew" in (await find_deep_problems(client, repair=True))[-1]
    assert await find_deep_problems(client) == []


DAMAGE: Mapping[str, Document] = {
    "sums": {"used": 9},
    "lines": {"lines": [{"id": "sub_other", "assigned": 5}]},
    "removal": {"is_removed": True},
}


@pytest.mark.parametrize("damage", [*DAMAGE, "missing", "astray"])
async def test_compares_weekly_sums_of_licences_with_the_snapshots(client: Client, damage: str) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1", licenses=[line("CALLING", 9, 5), line("MEETINGS", 3)]))
    await add_customer(scope, "C-2", subscription("S-2"))
    days = [utc_now() - weeks * 7 * DAY for weeks in range(1, 4)]
    given = [usage_record(number, product=p, day=f"{day:%Y-%m-%d}") for number, p in USED for day in days]
    assert (await import_lines(scope, ImportKind.LICENSE_USAGE, *given)).summary.refused == 0
    assert await find_deep_problems(client) == []
    before = await documents(scope, "license_customer_weeks")
    (week,) = [one for one in before if one["product"] == "CALLING"][:1]
    weeks = scope.collection("license_customer_weeks")
    if damage in DAMAGE:
        await put(scope, "license_customer_weeks", {"_id": week["_id"]}, **DAMAGE[damage])
    elif damage == "missing":
        await weeks.delete_many({**scope.match(), "_id": week["_id"]})
    else:
        monday = week["week"] - 70 * DAY
        await weeks.insert_many([{**week, "_id": f"{id_}:CALLING:{monday:%Y-%m-%d}", "week": monday}])
    (told,) = await problems(scope)
    assert told.external_id == "C-1" and told.description.startswith(f"weekly sums of licences ['{id_}:CALLING:2")
    assert "written anew" in (await find_deep_problems(client, repair=True))[-1]
    assert await find_deep_problems(client) == []
    stamps = ("version", "updated_at", "created_at")
    after = {
        one["_id"]: {name: value for name, value in one.items() if name not in stamps}
        for one in await documents(scope, "license_customer_weeks")
        if not one["is_removed"]
    }
    assert after == {one["_id"]: {n: v for n, v in one.items() if n not in stamps} for one in before}


async def test_reports_and_deletes_lines_without_a_customer(client: Client) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", subscription("S-1"))
    await scope.collection("customers").delete_many({**scope.match(), "_id": id_})
    assert "who does not exist" in (await find_deep_problems(client))[0]
    await find_deep_problems(client, repair=True)
    assert await scope.collection("license_lines").count(scope.match()) == 0


async def test_a_due_customer_is_reported_only_after_a_minute(client: Client) -> None:
    scope = await partner_scope(client)
    end = utc_now() + timedelta(seconds=1)
    id_ = await add_customer(scope, "C-1", subscription("S-1", ends_at=end))
    while utc_now() <= end:
        await asyncio.sleep(0.001)
    assert (await stored(scope, id_))["statuses"] == ["EXPIRING_SOON", "SUBSCRIPTION"]
    assert await problems(scope) == []
    long_ago = end - OVERDUE_AFTER - timedelta(seconds=5)
    await put(scope, "customers", {}, due_at=long_ago, next_evaluation_at=long_ago)
    (overdue,) = await problems(scope)
    assert overdue.is_overdue and overdue.description.startswith("has been due since 20")
    assert "evaluate_due" in (await find_deep_problems(client, repair=True))[-1]


async def test_at_most_a_hundred_problems_are_reported(client: Client) -> None:
    scope = await partner_scope(client)
    await add_customers(scope, ((f"C-{n:03}", [subscription(f"S-{n}")]) for n in range(103)))
    for customer in await scope.collection("customers").find(scope.match(), {"_id": 1}):
        await put(scope, "customers", {"_id": customer["_id"]}, holdings={})
    told = await find_deep_problems(client)
    assert len(told) == 102 and told[100] == "And 3 more."


ends = rv.integers(-40, 120).map(lambda days: days * DAY + timedelta(hours=1))
lines = rv.lists(
    rv.builds(
        line, rv.sampled_from(["MEETINGS", "CALLING", "MESSAGING"]), rv.integers(0, 9), rv.integers(0, 9), rv.just(0)
    ),
    max_size=3,
    unique_by=lambda one: one["product"],
)
facts = rv.fixed_dictionaries(
    {"ends_at": ends, "licenses": lines},
    optional={
        "added_at": rv.integers(-60, 0).map(lambda days: days * DAY),
        "auto_renew": rv.booleans(),
        "term_months": rv.sampled_from([1, 12]),
        "set_up": rv.booleans(),
        "suspended": rv.booleans(),
        "cancelled_at": rv.none() | rv.integers(-5, 5).map(lambda days: days * DAY + timedelta(hours=1)),
    },
)
steps = rv.one_of(
    rv.tuples(rv.just("add"), facts),
    rv.tuples(rv.just("put"), facts),
    rv.tuples(rv.just("remove"), rv.booleans()),
    rv.tuples(rv.just("rename"), rv.sampled_from(["Acme", "Ärger", "Zulu"])),
)


def _instants(given_: Document, now: datetime) -> Document:
    return {name: now + value if isinstance(value, timedelta) else value for name, value in given_.items()}


class Life:
    """One customer, step by step."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.numbers = scope, list[str]()

    async def live(self, taken: list[tuple[str, Any]]) -> None:
        await add_customer(self.scope, "C-1")
        for number, (kind, value) in enumerate(taken):

            async def body(batch: CustomerBatch, number: int = number, kind: str = kind, value: Any = value) -> None:
                (work,) = batch.changes
                if kind == "add":
                    document = subscription(f"S-{number}", **_instants(value, batch.now))
                    work.add_entitlement({**document, "customer_id": work.id})
                elif kind == "put" and self.numbers:
                    fields = _instants(value, batch.now)
                    work.update_entitlement(
                        self.numbers[-1], {**fields, "first_ends_at": fields["ends_at"], "renewals": 0}
                    )
                elif kind == "remove":
                    work.update_customer({"removed_at": batch.now if value else None})
                elif kind == "rename":
                    work.update_customer({"name": value})
                work.add_event(EventDraft(ActivityKind.CUSTOMER_CHANGED, work.id, kind))

            await change_customers(self.scope, {"external_id": "C-1"}, body)
            self.numbers += [f"S-{number}"] if kind == "add" else []


@pytest.fixture
def runner(mongo_uri: str, database_name: str) -> Iterator[tuple[asyncio.Runner, Client]]:
    with asyncio.Runner() as running:

        async def opened() -> Client:
            client = Client(mongo_uri, database_name)
            await ensure_indexes(client)
            return client

        client = running.run(opened())
        yield running, client
        running.run(client.close())


def test_the_projection_matches_the_entitlements_after_any_changes(runner: tuple[asyncio.Runner, Client]) -> None:
    running, client = runner
    partners = iter(range(10_000))

    async def lived(taken: list[tuple[str, Any]]) -> None:
        scope = Scope(client, f"p-{next(partners)}", utc_now())
        await Partners(scope).create("Acme", [])
        await Life(scope).live(taken)
        assert await problems(scope) == []
        assert await is_histogram_correct(scope)
        (customer,) = await scope.collection("customers").find(scope.match())
        held = await scope.collection("entitlements").find(scope.match())
        is_there = customer["removed_at"] is None
        assert customer["holdings"] == (_summed(held, customer["evaluated_at"]) if is_there else {})

    @settings(max_examples=30)
    @given(seeded(rv.lists(steps, max_size=6)))
    def examples(taken: list[tuple[str, Any]]) -> None:
        running.run(lived(taken))

    examples()


def _summed(held: list[Document], now: datetime) -> Document:
    """The summary in plain words, from the documents of entitlements, whose ends are kept up with their renewals."""
    found: Document = {}
    for product in ("MEETINGS", "CALLING"):
        of_product = [
            (one, figures)
            for one in held
            for figures in one["licenses"]
            if figures["product"] == product
            and one["set_up"]
            and one["starts_at"] <= now < one["ends_at"]
            and (one["cancelled_at"] is None or one["cancelled_at"] > now)
        ]
        if of_product:
            renews = [one for one, _ in of_product if one["auto_renew"] and one["cancelled_at"] is None]
            others = [one for one, _ in of_product if one not in renews]
            expiring = sorted({min(one["ends_at"], one["cancelled_at"] or one["ends_at"]) for one in others})
            renewing = sorted({one["ends_at"] for one in renews})
            rates = [
                (one["added_at"], figures["assigned"] / figures["total"])
                for one, figures in of_product
                if figures["total"] >= 5 and figures["assigned"] / figures["total"] < 0.75
            ]
            found[product] = {
                "total": sum(figures["total"] for _, figures in of_product),
                "assigned": sum(figures["assigned"] for _, figures in of_product),
                "used": sum(figures["used"] for _, figures in of_product),
                "expires_at": next(iter(expiring), None),
                "renews_at": next(iter(renewing), None),
                "expiring_ends": expiring,
                "renewing_ends": renewing,
                "has_overage": any(figures["assigned"] > figures["total"] for _, figures in of_product),
                "rates": [{"added_at": at, "rate": rate} for at, rate in sorted(rates)],
            }
    return found
