"""What MongoDB reads for a page: the plans that `explain` shows, and the number of queries that a page takes."""

import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from msgspec.structs import replace
from pymongo import MongoClient
from pymongo.database import Database

from domain.customers.filter import parse_filter
from domain.customers.simplification import simplify
from domain.paging import Page, PageRequest
from domain.types import CustomerOrderField, CustomerStatus, ManagedBy, OrderDirection, PartnerRole, Product
from domain.types import SubscriptionType as Kind
from store.customers.customers import CUSTOMER_INDEXES, CustomerOrder, Customers
from store.customers.documents import CustomerDocument
from store.customers.list_planner.index_candidates import ListQuery
from store.customers.list_planner.key_statistics import KeyStatistics, count_requested_keys
from store.customers.list_planner.query_planner import choose_plan
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.store.customers.factory_lists import (
    ADMINISTRATORS,
    NOW,
    TAGS,
    CommandRecorder,
    customer_document,
    sorted_ids,
)

# Enough for several pages of every key.
CUSTOMERS = 1500
ORDERS = [CustomerOrder(field, direction) for field in CustomerOrderField for direction in OrderDirection]
SINGLE: list[dict[str, Any]] = [
    {},
    *({"search": text} for text in ("d", "dord", "mull", "株式", "x" * 25, "acme 7", "org")),
    *({"managed_by": [one]} for one in ManagedBy),
    *({"product": [one]} for one in Product),
    *({"status": [one]} for one in CustomerStatus),
    *({"subscription_type": [one]} for one in Kind),
    *({"tag": [one]} for one in TAGS),
    *({"administrator": [one]} for one in ADMINISTRATORS),
    {"country": ["DE"]},
    *({"expires_within_days": days} for days in (1, 30, 365)),
    {"status": ["TRIAL", "EXPIRED"]},
    {"product": list(Product)},
    {"country": ["DE", "RS", "FR"]},
]
CONJUNCTIONS: list[dict[str, Any]] = [
    {"status": ["SUSPENDED"], "product": ["CALLING"]},
    {"search": "mull", "tag": ["tag_1"], "not_": {"status": ["TRIAL"]}},
    {"any_of": [{"status": ["TRIAL"]}, {"search": "dord"}], "expires_within_days": 30},
    {"not_": {"product": ["CALLING"]}},
]


@dataclass(frozen=True, slots=True)
class World:
    """One partner's customers, and the commands that reading them sends."""

    client: Client
    commands: CommandRecorder
    scope: Scope

    async def page(self, raw: Mapping[str, Any], order: CustomerOrder, **request: Any) -> Page[CustomerDocument]:
        return await Customers(self.scope).page(parse_filter(raw), order, PageRequest(**request))

    async def read(self) -> "Read":
        """Return what the finds since the last call read."""
        finds = [command for command in self.commands.take() if "find" in command]
        explained = [await self._explain(find) for find in finds]
        winners = [node for plan in explained for node in nodes(plan["queryPlanner"]["winningPlan"])]
        indexes = {node["indexName"] for node in winners if "indexName" in node}
        return Read(len(finds), sum(map(_examined, explained)), {node["stage"] for node in winners}, indexes)

    async def explained(self) -> dict[str, Any]:
        """Return the explanation of the only find since the last call."""
        (find,) = [command for command in self.commands.take() if "find" in command]
        return await self._explain(find)

    async def _explain(self, find: Mapping[str, Any]) -> dict[str, Any]:
        command = {name: find[name] for name in ("find", "filter", "sort", "limit", "projection", "hint")}
        return dict(await self.client.command({"explain": command, "verbosity": "allPlansExecution"}))


class Read(NamedTuple):
    """The number of queries and of documents that all tried plans examined; stages and indexes of the winning plans."""

    queries: int
    examined: int
    stages: set[str]
    indexes: set[str]


def _examined(explained: Mapping[str, Any]) -> int:
    figures = explained["executionStats"]
    losers = [int(plan["totalDocsExamined"]) for plan in figures.get("allPlansExecution", ())][1:]
    return int(figures["totalDocsExamined"]) + sum(losers)


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the nodes of a plan, from the top."""
    yield plan
    inner = [plan[name] for name in ("inputStage",) if name in plan]
    for node in [*inner, *plan.get("inputStages", ())]:
        yield from nodes(node)


def stages(plan: Mapping[str, Any]) -> set[str]:
    """Return the names of a plan's stages."""
    return {node["stage"] for node in nodes(plan)}


def _fill(database: Database[dict[str, Any]]) -> None:
    rng = random.Random(11)
    database.customers.insert_many([customer_document(rng, n) for n in range(CUSTOMERS)])
    # Sorted at once: to add the keys of one customer after the other takes half as long again.
    database.customers.create_indexes([*CUSTOMER_INDEXES])


@asynccontextmanager
async def _opened(mongo_uri: str, database_name: str) -> AsyncIterator[World]:
    commands = CommandRecorder()
    # Statistics belong to a client, so each test starts without any.
    client = Client(mongo_uri, database_name, event_listeners=[commands])
    yield World(client, commands, Scope(client, "acme", NOW))
    await client.close()


@pytest.fixture(scope="module")
def filled_database(mongo_uri: str) -> Iterator[str]:
    """Yield the name of a database whose customers no test changes: to create them takes two seconds."""
    name = f"test_{uuid4().hex[:16]}"
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        _fill(client[name])
        yield name
        client.drop_database(name)


@pytest.fixture
async def world(mongo_uri: str, filled_database: str) -> AsyncIterator[World]:
    """Yield a partner whose customers the test must not change."""
    async with _opened(mongo_uri, filled_database) as world:
        yield world


@pytest.fixture
async def changing_world(mongo_uri: str, new_database: str) -> AsyncIterator[World]:
    """Yield a partner of the test's own."""
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        _fill(client[new_database])
    async with _opened(mongo_uri, new_database) as world:
        yield world


async def test_a_page_by_name_is_one_range_scan_for_any_single_condition(world: World) -> None:
    for raw in SINGLE:
        cursor = None
        for _ in range(3):
            page = await world.page(raw, CustomerOrder(), first=50, after=cursor)
            cursor = page.end_cursor
            explained = await world.explained()
            figures, plan = explained["executionStats"], explained["queryPlanner"]["winningPlan"]
            assert not {"COLLSCAN", "SORT"} & stages(plan), raw
            assert figures["totalDocsExamined"] <= 3 * max(1, figures["nReturned"]), raw


async def test_a_page_of_an_assigned_administrator_is_one_range_scan(world: World) -> None:
    scope = Scope(world.client, "acme", NOW, "adm_1", PartnerRole.ADMINISTRATOR)
    await Customers(scope).page(parse_filter(None), CustomerOrder(), PageRequest(first=50))
    explained = await world.explained()
    assert "SORT" not in stages(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalDocsExamined"] <= 3 * 51


@pytest.mark.parametrize("order", ORDERS[2:], ids=lambda order: f"{order.field} {order.direction}")
async def test_a_page_of_any_other_order_is_a_range_scan_for_any_single_condition_but_words(
    world: World, order: CustomerOrder
) -> None:
    for raw in (raw for raw in SINGLE if "search" not in raw):
        # The ends of a window are read in buckets of 64 hours, which contain others too.
        most = 8 if "expires_within_days" in raw else 3
        for size in ({"first": 20}, {"last": 20}):
            page = await world.page(raw, order, **size)
            first_read = await world.read()
            edge = {"after": page.end_cursor} if "first" in size else {"before": page.start_cursor}
            await world.page(raw, order, **size, **edge)
            for read in (first_read, await world.read()):
                assert not {"COLLSCAN", "SORT"} & read.stages, (raw, size)
                assert read.examined <= most * 22, (raw, size)
                # In descending order the rows without a value are a range of their own.
                assert read.queries <= (1 if order.direction is OrderDirection.ASC else 2)


async def test_the_rarer_of_two_uncounted_conditions_ends_the_race(changing_world: World) -> None:
    """No customer matches both conditions, which no statistics tell: the shorter scan ends the list."""
    collection = changing_world.scope.collection("customers")
    rng = random.Random(3)
    rare = [customer_document(rng, 5000 + n, country="LI", managed_by="EXTERNAL_ADMINISTRATOR") for n in range(12)]
    await collection.insert_many(rare)
    raw = {"country": ["LI"], "managed_by": ["PARTNER_ORGANIZATION"]}
    for order in ORDERS:
        page = await changing_world.page(raw, order, first=5)
        read = await changing_world.read()
        assert (list(page.rows), "COLLSCAN" in read.stages) == ([], False)
        assert read.examined <= 3 * len(rare) * read.queries, order


async def test_words_are_counted_once_for_the_other_orders(world: World) -> None:
    order = CustomerOrder(CustomerOrderField.CREATED_AT)
    sent = []
    for _ in range(2):
        await world.page({"search": "mull"}, order, first=5)
        sent.append([next(iter(command)) for command in world.commands.take()])
    assert sent == [["count", "find"], ["find"]]


async def test_no_word_is_counted_in_a_partner_that_is_known_to_be_small(world: World) -> None:
    order = CustomerOrder(CustomerOrderField.CREATED_AT)
    await world.page({"search": "mull"}, order, first=5)
    while await count_requested_keys(world.client):
        pass
    world.commands.take()
    for word in ("d", "dord", "acme 7"):
        await world.page({"search": word}, order, first=5)
        assert [next(iter(command)) for command in world.commands.take()] == ["find"]


async def test_a_page_requests_the_counts_that_it_lacks(world: World) -> None:
    condition = parse_filter({"tag": ["tag_1"], "product": ["CALLING"]})

    async def commands_of_a_page() -> list[str]:
        """Return the names of the commands that a page of the present moment sends."""
        scope = replace(world.scope, now=utc_now())
        await Customers(scope).page(condition, CustomerOrder(), PageRequest(first=5))
        return [next(iter(command)) for command in world.commands.take()]

    assert await commands_of_a_page() == ["find"]
    assert await count_requested_keys(world.client) == 2
    assert [next(iter(command)) for command in world.commands.take()] == ["count", "count"]
    assert await commands_of_a_page() == ["find"]
    assert await count_requested_keys(world.client) == 0


@pytest.mark.parametrize(
    ("raw", "field", "direction"),
    [
        ({"status": ["EXPIRED"]}, "NEXT_EXPIRY_AT", "ASC"),
        ({"status": ["EXPIRED"]}, "NEXT_EXPIRY_AT", "DESC"),
        ({"status": ["EXPIRED"]}, "URGENCY", "ASC"),
        ({"status": ["EXPIRED"]}, "URGENCY", "DESC"),
    ],
)
async def test_expired_customers_are_one_range_scan_of_the_orders_that_their_status_decides(
    world: World, raw: Mapping[str, Any], field: str, direction: str
) -> None:
    """They have no next expiry and one rank, so no scan passes other customers."""
    order = CustomerOrder(CustomerOrderField(field), OrderDirection(direction))
    page = await Customers(world.scope, 20).page(parse_filter(raw), order, PageRequest(first=5))
    world.commands.take()
    await Customers(world.scope, 20).page(parse_filter(raw), order, PageRequest(first=5, after=page.end_cursor))
    explained = await world.explained()
    assert "SORT" not in stages(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalDocsExamined"] <= 3 * 7


async def test_a_page_is_one_query_while_the_row_of_its_cursor_exists(changing_world: World) -> None:
    first = await changing_world.page({}, CustomerOrder(), first=50)
    assert [next(iter(command)) for command in changing_world.commands.take()] == ["find"]
    await changing_world.page({}, CustomerOrder(), first=50, after=first.end_cursor)
    assert [next(iter(command)) for command in changing_world.commands.take()] == ["find"]
    await changing_world.scope.collection("customers").delete_many(
        {"_id": first.rows[-1].id, **changing_world.scope.match()}
    )
    await changing_world.page({}, CustomerOrder(), first=50, after=first.end_cursor)
    assert [next(iter(command)) for command in changing_world.commands.take()] == ["find", "find"]


async def test_an_impossible_filter_sends_no_query(world: World) -> None:
    impossible: list[dict[str, Any]] = [{"tag": []}, {"search": "?"}, {"not_": {}}]
    for raw in [*impossible, {"status": ["EXPIRED"], "product": ["CALLING"]}]:
        page = await world.page(raw, CustomerOrder(), first=5)
        assert (list(page.rows), page.has_next, page.has_previous) == ([], False, False)
        assert await Customers(world.scope).count(parse_filter(raw)) == 0
    assert world.commands.take() == []


async def test_counting_a_single_condition_reads_only_the_index(world: World) -> None:
    for raw in ({}, {"status": ["TRIAL"]}, {"country": ["DE", "RS"]}, {"search": "mull"}):
        await Customers(world.scope).count(parse_filter(raw))
        (sent,) = world.commands.take()
        command = {name: sent[name] for name in ("count", "query", "hint")}
        explained = await world.client.command({"explain": command, "verbosity": "executionStats"})
        assert explained["executionStats"]["totalDocsExamined"] == 0, raw


async def test_every_query_names_its_partner(world: World) -> None:
    customers, everything = Customers(world.scope), parse_filter({"status": ["TRIAL"], "tag": ["tag_1"]})
    await customers.page(everything, CustomerOrder(CustomerOrderField.CREATED_AT), PageRequest())
    await customers.count(everything)
    await customers.facets(everything)
    await customers.by_ids(["cus_1"])
    for command in world.commands.take():
        where = command.get("filter") or command.get("query") or command["pipeline"][0]["$match"]
        assert where["partner_id"] == "acme"


async def test_customers_of_lowest_urgency_are_read_by_the_word_in_the_order_of_urgency(changing_world: World) -> None:
    """Most of a partner ties there and is ordered by name: a scan for a word would pass all names before it."""
    lowest = {"statuses": ["SUBSCRIPTION"], "expiring_ends": [], "next_expiry_at": None}
    rng = random.Random(8)
    others = [customer_document(rng, 7000 + n, name=f"Aaa {n}", domain=None, **lowest) for n in range(300)]
    wanted = [customer_document(rng, 8000 + n, name=f"Zebra {n}", domain=None, **lowest) for n in range(60)]
    await changing_world.scope.collection("customers").insert_many([*others, *wanted])
    order = CustomerOrder(CustomerOrderField.URGENCY, OrderDirection.DESC)
    condition, cursor, seen = parse_filter({"search": "zebra"}), None, list[str]()
    for _ in range(2):
        page = await Customers(changing_world.scope, 20).page(condition, order, PageRequest(first=25, after=cursor))
        cursor = page.end_cursor
        seen += [row.id for row in page.rows]
        read = await changing_world.read()
        assert (read.queries, {"COLLSCAN", "SORT"} & read.stages) == (1, set())
        assert read.examined <= 3 * 27
    assert seen == sorted_ids(wanted, order)[:50]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.field} {order.direction}")
async def test_customers_without_a_common_key_are_a_range_scan_of_every_order(
    world: World, order: CustomerOrder
) -> None:
    for raw in ({"not_": {"status": ["SUBSCRIPTION"]}}, {"not_": {"subscription_type": ["SUBSCRIPTION", "TRIAL"]}}):
        await world.page(raw, order, first=20)
        read = await world.read()
        assert not {"COLLSCAN", "SORT"} & read.stages
        # Of two negated keys, one is read by and the other is checked.
        assert read.examined <= 5 * 22


@pytest.mark.parametrize(
    ("raw", "field", "indexes"),
    [
        ({"tag": ["tag_1"]}, "NAME", {"by_keys"}),
        ({"tag": ["tag_1"], "country": ["DE"]}, "NAME", {"by_keys"}),
        ({"tag": ["tag_1"]}, "CREATED_AT", {"by_created_at"}),
        ({}, "LAST_ADMINISTRATOR_SIGN_IN_AT", {"by_last_administrator_sign_in_at"}),
        ({"status": ["EXPIRING_SOON"], "tag": ["tag_1"]}, "NEXT_EXPIRY_AT", {"by_next_expiry_at"}),
        ({"status": ["EXPIRED"]}, "NEXT_EXPIRY_AT", {"by_keys"}),
        ({"status": ["TRIAL"]}, "URGENCY", {"by_urgency"}),
        ({"status": ["EXPIRED"]}, "URGENCY", {"by_keys"}),
        # The word is rare in this partner, so its matches are sorted.
        ({"search": "acme"}, "CREATED_AT", {"by_keys"}),
    ],
)
@pytest.mark.parametrize("direction", list(OrderDirection))
async def test_mongodb_uses_the_index_of_the_plan(
    world: World, raw: Mapping[str, Any], field: str, indexes: set[str], direction: OrderDirection
) -> None:
    order = CustomerOrder(CustomerOrderField(field), direction)
    scope = world.scope
    plan = await choose_plan(
        ListQuery(simplify(parse_filter(raw)), order, scope.visibility_key, scope.now), KeyStatistics(scope)
    )
    assert {list_range.plan.index for list_range in plan} == indexes
    world.commands.take()
    page = await world.page(raw, order, first=5)
    assert (await world.read()).indexes == indexes
    await world.page(raw, order, first=5, after=page.end_cursor)
    assert (await world.read()).indexes == indexes
