"""Lists of customers against a real MongoDB: filters, orders, pages, totals and facets agree with plain Python."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.customers.filter import parse_filter
from domain.customers.matching import CustomerEnds, CustomerValues, matches
from domain.failures import InvalidCursor
from domain.paging import PageRequest
from domain.types import CustomerOrderField, CustomerStatus, OrderDirection, PartnerRole, Product
from domain.types import SubscriptionType as Kind
from store.customers.customers import CUSTOMER_INDEXES, CustomerOrder, Customers
from store.database.client import Client
from store.database.scope import Scope
from tests import random_values as rv
from tests.random_values import seeded
from tests.store.customers.factory_filters import conditions, filters, is_valid_filter
from tests.store.customers.factory_lists import (
    DAY,
    NOW,
    TAGS,
    assignment,
    customer_document,
    sorted_ids,
)
from tests.store.customers.factory_lists import with_projection as derived

Result = TypeVar("Result")
Run = Callable[[Callable[[Scope], Awaitable[Result]]], Result]
ORDERS = [CustomerOrder(field, direction) for field in CustomerOrderField for direction in OrderDirection]
# The sizes that pages are planned for. Every plan must give the same result.
sizes = st.sampled_from([0, 200, 200_000])


@pytest.fixture
def world(mongo_uri: str, database_name: str) -> Iterator[tuple[list[dict[str, Any]], Run[Any]]]:
    """Customers of one partner, and a function that runs reads of the store."""
    rng = random.Random(2026)
    documents = [customer_document(rng, number) for number in range(150)]
    removed = {**customer_document(rng, 999), "keys": [], "order_keys": []}
    other = customer_document(rng, 1000, partner_id="other")
    with asyncio.Runner() as runner:

        async def prepare() -> Client:
            client = Client(mongo_uri, database_name)
            await client.collection("customers").create_indexes(CUSTOMER_INDEXES)
            await client.collection("customers").insert_many([*documents, removed, other])
            return client

        client = runner.run(prepare())

        async def asked(work: Callable[[Scope], Awaitable[Any]]) -> Any:
            return await work(Scope(client, "acme", NOW))

        yield documents, lambda work: runner.run(asked(work))
        runner.run(client.close())


def matching(documents: list[dict[str, Any]], raw: dict[str, Any]) -> list[dict[str, Any]]:
    condition = parse_filter(raw)
    return [d for d in documents if matches(condition, values_of(d), ends_of(d))]


def values_of(document: dict[str, Any]) -> CustomerValues:
    names = ("words", "created_at", "last_administrator_sign_in_at")
    return CustomerValues(set(document["keys"]), *(document[name] for name in names))


def ends_of(document: dict[str, Any]) -> CustomerEnds:
    return CustomerEnds(NOW, document["expiring_ends"], document["renewing_ends"])


async def read_all_pages(
    customers: Customers, raw: dict[str, Any], order: CustomerOrder, size: int, *, backward: bool = False
) -> list[str]:
    """Return every id of the list, page after page from one end."""
    condition, seen, cursor = parse_filter(raw), list[str](), None
    while True:
        request = PageRequest(last=size, before=cursor) if backward else PageRequest(first=size, after=cursor)
        page = await customers.page(condition, order, request)
        has_more, has_less = (page.has_previous, page.has_next) if backward else (page.has_next, page.has_previous)
        assert has_less == (cursor is not None)
        ids = [row.id for row in page.rows]
        seen = [*ids, *seen] if backward else [*seen, *ids]
        cursor = page.start_cursor if backward else page.end_cursor
        if not has_more:
            return seen


def test_mongodb_and_memory_agree_on_every_filter(world: tuple[list[dict[str, Any]], Run[Any]]) -> None:
    documents, run = world

    @settings(max_examples=60)
    @given(seeded(rv.lists(filters, min_size=1, max_size=3)), st.sampled_from(ORDERS), sizes)
    def agree(raws: list[dict[str, Any]], order: CustomerOrder, expected_size: int) -> None:
        assume(all(map(is_valid_filter, raws)))

        async def ask(scope: Scope) -> None:
            for raw in raws:
                expected = sorted_ids(matching(documents, raw), order)
                condition, customers = parse_filter(raw), Customers(scope, expected_size)
                page = await customers.page(condition, order, PageRequest(first=200))
                assert [row.id for row in page.rows] == expected
                assert await customers.count(condition) == len(expected)

        run(ask)

    agree()


def test_paging_either_way_gives_each_customer_once_in_order(world: tuple[list[dict[str, Any]], Run[Any]]) -> None:
    documents, run = world

    @settings(max_examples=60)
    @given(seeded(conditions), st.sampled_from(ORDERS), st.integers(1, 60), st.booleans(), sizes)
    def page_through(raw: dict[str, Any], order: CustomerOrder, size: int, backward: bool, expected_size: int) -> None:
        expected = sorted_ids(matching(documents, raw), order)
        size = max(size, len(expected) // 10, 1)

        async def ask(scope: Scope) -> None:
            assert (
                await read_all_pages(Customers(scope, expected_size), raw, order, size, backward=backward) == expected
            )

        run(ask)

    page_through()


def test_a_page_between_two_cursors_knows_what_lies_outside(world: tuple[list[dict[str, Any]], Run[Any]]) -> None:
    documents, run = world

    @settings(max_examples=60)
    @given(st.sampled_from(ORDERS), st.integers(0, 148), st.integers(0, 20), st.integers(1, 12), st.booleans())
    def between(order: CustomerOrder, start: int, distance: int, size: int, backward: bool) -> None:
        expected = sorted_ids(documents, order)
        end = min(start + distance, 149)

        async def ask(scope: Scope) -> None:
            customers, everything = Customers(scope), parse_filter(None)
            first = await customers.page(everything, order, PageRequest(first=150))
            sized: dict[str, Any] = {"last": size} if backward else {"first": size}
            request = PageRequest(after=first.cursors[start], before=first.cursors[end], **sized)
            page = await customers.page(everything, order, request)
            within = expected[start + 1 : end]
            assert [row.id for row in page.rows] == (within[-size:] if backward else within[:size])
            assert page.has_next is True
            assert page.has_previous is True

        run(ask)

    between()


def test_changes_around_the_cursor_neither_skip_nor_repeat_a_customer(
    world: tuple[list[dict[str, Any]], Run[Any]],
) -> None:
    documents, run = world
    rng = random.Random(7)

    @settings(max_examples=60)
    @given(st.just({}) | seeded(conditions), st.sampled_from(ORDERS), st.booleans(), rv.randoms(), sizes)
    def page_through(
        raw: dict[str, Any], order: CustomerOrder, backward: bool, choose: random.Random, expected_size: int
    ) -> None:
        expected = sorted_ids(matching(documents, raw), order)
        # Filtered or not, a list is some pages long.
        page = max(2, len(expected) // 4)

        async def ask(scope: Scope) -> None:
            customers = Customers(scope, expected_size)
            seen = await _page_among_changes(scope, customers, (raw, order, page), choose, rng, backward=backward)
            assert [id_ for id_ in seen if id_ in lasting] == expected
            assert len(seen) == len(set(seen))

        run(ask)

    lasting = {document["_id"] for document in documents}
    page_through()


async def _page_among_changes(
    scope: Scope,
    customers: Customers,
    asked_for: tuple[dict[str, Any], CustomerOrder, int],
    choose: random.Random,
    rng: random.Random,
    *,
    backward: bool,
) -> list[str]:
    """Read all pages; before each, delete the temporary customers (also at the cursor) and insert others."""
    raw, order, largest = asked_for
    collection, seen, cursor = scope.collection("customers"), list[str](), None
    while True:
        temporary = [customer_document(rng, 2000 + rng.randrange(10**9), version=7) for _ in range(4)]
        await collection.delete_many({"partner_id": "acme", "version": 7})
        await collection.insert_many(temporary)
        size = choose.randrange(largest // 2, largest + 1)
        asked = PageRequest(last=size, before=cursor) if backward else PageRequest(first=size, after=cursor)
        page = await customers.page(parse_filter(raw), order, asked)
        ids = [row.id for row in page.rows]
        seen = [*ids, *seen] if backward else [*seen, *ids]
        cursor = page.start_cursor if backward else page.end_cursor
        if not (page.has_previous if backward else page.has_next):
            await collection.delete_many({"partner_id": "acme", "version": 7})
            return seen


@pytest.fixture
async def client(mongo_uri: str, database_name: str) -> AsyncIterator[Client]:
    """A database with the indexes of lists, without validators."""
    opened = Client(mongo_uri, database_name)
    await opened.collection("customers").create_indexes(CUSTOMER_INDEXES)
    yield opened
    await opened.close()


@pytest.fixture
async def scope(client: Client) -> Scope:
    """The system's scope over twenty customers."""
    rng = random.Random(5)
    await client.collection("customers").insert_many([customer_document(rng, number) for number in range(20)])
    return Scope(client, "acme", NOW)


@pytest.mark.parametrize("deleted", [False, True])
async def test_has_previous_is_false_when_all_rows_before_the_cursor_are_gone(scope: Scope, deleted: bool) -> None:
    customers, everything, order = Customers(scope), parse_filter(None), CustomerOrder()
    first = await customers.page(everything, order, PageRequest(first=3))
    if deleted:
        ids = [row.id for row in first.rows]
        await scope.collection("customers").delete_many({**scope.match(), "_id": {"$in": ids}})
    second = await customers.page(everything, order, PageRequest(first=3, after=first.end_cursor))
    assert (second.has_previous, second.has_next, len(second.rows)) == (not deleted, True, 3)
    third = await customers.page(everything, order, PageRequest(last=3, before=second.start_cursor))
    assert (third.has_previous, third.has_next, len(third.rows)) == (False, True, 0 if deleted else 3)


async def test_rejects_a_cursor_of_another_list(scope: Scope) -> None:
    customers, everything, order = Customers(scope), parse_filter(None), CustomerOrder()
    cursor = (await customers.page(everything, order, PageRequest(first=1))).end_cursor
    others = [
        (Customers(scope), parse_filter({"search": "a"}), order),
        (Customers(scope), parse_filter({"status": []}), order),
        (Customers(scope), everything, CustomerOrder(CustomerOrderField.CREATED_AT)),
        (Customers(scope), everything, CustomerOrder(CustomerOrderField.NAME, OrderDirection.DESC)),
        (Customers(replace(scope, partner_id="other")), everything, order),
    ]
    for asked, condition, in_that_order in others:
        with pytest.raises(InvalidCursor):
            await asked.page(condition, in_that_order, PageRequest(after=cursor))
    with pytest.raises(InvalidCursor):
        await customers.page(everything, order, PageRequest(before=""))


async def test_an_assigned_administrator_sees_only_assigned_customers_until_the_assignment_ends(client: Client) -> None:
    rng = random.Random(3)
    ends = {"ahead": NOW + DAY, "ended": NOW, "open": None}
    documents = [
        customer_document(rng, n, name=name, assignments=[assignment("adm_1", until)])
        for n, (name, until) in enumerate(ends.items())
    ]
    await client.collection("customers").insert_many([*documents, customer_document(rng, 9, assignments=[])])
    sees = Customers(Scope(client, "acme", NOW, "adm_1", PartnerRole.ADMINISTRATOR))
    for order in ORDERS:
        page = await sees.page(parse_filter(None), order, PageRequest())
        assert {row.name for row in page.rows} == {"ahead", "open"}
    assert await sees.count(parse_filter(None)) == 2
    assert sum(one.count for one in (await sees.facets(parse_filter(None))).managed_by) == 2
    assert set(await sees.by_ids([d["_id"] for d in documents])) == {documents[0]["_id"], documents[2]["_id"]}
    assert await sees.by_external_id("ORG-1") is None


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ({"search": "beta"}, {"Beta"}),
        ({"search": "alpha"}, {"Alpha", "Alpha two"}),
        ({"search": "two"}, {"Alpha two"}),
        ({"status": ["TRIAL"]}, {"Alpha"}),
        ({"country": ["de"]}, {"Beta"}),
    ],
)
async def test_the_conditions_of_an_assigned_administrator_all_apply(
    client: Client, raw: dict[str, Any], names: set[str]
) -> None:
    """Read by the viewer's own key or by the condition's, a customer must match both."""
    rng = random.Random(3)
    mine, theirs = [assignment("adm_1", None)], [assignment("adm_2", None)]
    documents = [
        customer_document(rng, 1, name="Alpha", assignments=mine, statuses=["TRIAL"], country=None),
        customer_document(rng, 2, name="Alpha two", assignments=mine, statuses=[], country=None),
        customer_document(rng, 3, name="Beta", assignments=mine, statuses=[], country="DE"),
        *(customer_document(rng, n, name="Beta", assignments=theirs) for n in range(4, 9)),
        *(customer_document(rng, n, name="Alpha two", assignments=theirs, country="DE") for n in range(9, 14)),
    ]
    await client.collection("customers").insert_many(documents)
    sees = Customers(Scope(client, "acme", NOW, "adm_1", PartnerRole.ADMINISTRATOR))
    for order in ORDERS:
        page = await sees.page(parse_filter(raw), order, PageRequest())
        assert {row.name for row in page.rows} == names
    assert await sees.count(parse_filter(raw)) == len(names)


async def test_looks_up_customers_by_id_and_external_id(scope: Scope) -> None:
    customers = Customers(scope)
    customer = await customers.by_external_id("ORG-4")
    assert customer is not None
    assert (await customers.by_ids([customer.id, "cus_gone"])).keys() == {customer.id}
    assert await Customers(replace(scope, partner_id="other")).by_ids([customer.id]) == {}


async def test_facets_omit_only_their_own_condition_and_include_zeros(client: Client) -> None:
    rng = random.Random(1)
    documents = [customer_document(rng, number) for number in range(60)]
    await client.collection("customers").insert_many(documents)
    raw = {"status": ["TRIAL"], "product": ["CALLING", "MEETINGS"], "tag": [], "all_of": [{"status": ["TRIAL"]}]}
    facets = await Customers(Scope(client, "acme", NOW)).facets(parse_filter(raw))
    assert [one.count for one in facets.managed_by] == [0, 0]
    assert [one.value for one in facets.status] == list(CustomerStatus)
    assert [one.count for one in facets.status] == [0] * 8
    by_tag = matching(documents, {**raw, "tag": None})
    counted = {tag: count for tag in TAGS if (count := sum(tag in d["tag_ids"] for d in by_tag))}
    assert {one.value: one.count for one in facets.tag} == counted
    counts = [one.count for one in facets.tag]
    assert counts == sorted(counts, reverse=True)
    facets = await Customers(Scope(client, "acme", NOW)).facets(parse_filter({"product": ["CALLING"]}))
    assert {one.value: one.count for one in facets.product} == {
        product: sum(product in d["products"] for d in documents) for product in Product
    }
    assert {one.value: one.count for one in facets.subscription_type} == {
        kind: sum(kind in d["subscription_types"] and "CALLING" in d["products"] for d in documents) for kind in Kind
    }


async def test_finds_names_in_many_scripts_by_prefix(client: Client) -> None:
    rng = random.Random(1)
    names = ["Đorđević", "Müller", "株式会社", "हिन्दी"]
    made = [customer_document(rng, n, name=name, domain=None) for n, name in enumerate(names)]
    await client.collection("customers").insert_many(made)
    customers = Customers(Scope(client, "acme", NOW))
    expected = {"dord": "Đorđević", "MULL": "Müller", "株式": "株式会社", "हिन्": "हिन्दी"}
    for text, name in expected.items():
        page = await customers.page(parse_filter({"search": text}), CustomerOrder(), PageRequest())
        assert [row.name for row in page.rows] == [name]
    assert await customers.count(parse_filter({"search": "zhu"})) == 0
    assert await customers.count(parse_filter({"search": ".*"})) == 0


async def test_a_document_has_the_stored_values(client: Client) -> None:
    reason = {"code": "EXPIRES", "type": "TRIAL", "number": "TRI-1", "on": NOW, "others": 0}
    stored = derived(
        {
            **customer_document(random.Random(1), 1),
            "statuses": ["EXPIRING_SOON", "TRIAL"],
            "status_details": [{"status": "TRIAL", "since": NOW, "reason": reason, "entitlement_ids": ["tri_1"]}],
            "assignments": [assignment("adm_1")],
        }
    )
    await client.collection("customers").insert_many([stored])
    customer = await Customers(Scope(client, "acme", NOW)).by_external_id("ORG-1")
    assert customer is not None
    same = ["external_id", "name", "domain", "country", "managed_by", "products", "subscription_types", "statuses"]
    same += ["last_administrator_sign_in_at", "created_at", "updated_at", "version", "tag_ids", "next_expiry_at"]
    assert {name: getattr(customer, name) for name in same} == {name: stored[name] for name in same}
    assert customer.needs_attention is True
    assert [(one.status, one.since, one.entitlement_ids) for one in customer.status_details] == [
        ("TRIAL", NOW, ["tri_1"])
    ]
    assert [(one.administrator_id, one.expires_at) for one in customer.assignments] == [("adm_1", None)]
    assert not {"keys", "words", "delivered"} & customer.document.keys()
