"""Every batch function returns one value for each key, in the order of the keys, also for unknown and repeated keys."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from domain.entitlements.license_snapshots import start_of_day
from domain.failures import InvalidCursor
from domain.paging import PageRequest
from domain.types import ActivityKind, PartnerRole, Product
from loaders.relation import Relation
from loaders.relations import Loaders
from store.database.client import Client
from store.database.scope import Scope
from tests.api_server import administrator_document
from tests.factory_documents import assignment, line
from tests.store.events.test_activity import put_events
from tests.store.factory_customers import DAY, add_customer, partner_scope, subscription

VIEWER, UNKNOWN = "adm_viewer", "xxx_unknown"
FIRST = PageRequest(first=1)


@pytest.fixture
async def scope(mongo_uri: str, prepared_database: str) -> AsyncIterator[Scope]:
    client = Client(mongo_uri, prepared_database)
    system = await partner_scope(client)
    yield replace(system, administrator_id=VIEWER, role=PartnerRole.FULL_ADMINISTRATOR)
    await client.close()


async def insert(scope: Scope, collection: str, *documents: dict[str, Any]) -> list[str]:
    """Store documents with the fields that all collections share; return their ids."""
    stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
    await scope.collection(collection).insert_many([{**stamps, **document} for document in documents])
    return [document["_id"] for document in documents]


async def read_ids(relation: Relation[Any, Any], scope: Scope, *keys: Any) -> list[str | None]:
    """Return the ids of the documents that the batch function returns."""
    values: Any = await relation.read(scope, keys)
    return [None if value is None else value.id for value in values]


async def assert_reads_by_id(relation: Relation[Any, Any], scope: Scope, first: str, second: str) -> None:
    keys = [second, UNKNOWN, first, second]
    assert await read_ids(relation, scope, *keys) == [second, None, first, second]
    assert await read_ids(relation, replace(scope, partner_id="other"), *keys) == [None] * 4


async def test_customers_and_their_entitlements(scope: Scope) -> None:
    older = subscription("S-1", added_at=scope.now - 9 * DAY)
    newer = subscription("S-2", added_at=scope.now - 2 * DAY, licenses=[line("CALLING", 5)])
    first = await add_customer(scope, "C-1", older, newer, assignments=[assignment(VIEWER)])
    second = await add_customer(scope, "C-2")
    await assert_reads_by_id(Loaders.customers, scope, first, second)
    assigned = replace(scope, role=PartnerRole.ADMINISTRATOR)
    assert await read_ids(Loaders.customers, assigned, second, first) == [None, first]
    await assert_reads_by_id(Loaders.entitlements, scope, older["_id"], newer["_id"])
    lists = await Loaders.entitlements_by_customer.read(scope, [second, first, UNKNOWN, first])
    numbers = [[entitlement.number for entitlement in entitlements] for entitlements in lists]  # type: ignore[union-attr]
    assert numbers == [[], ["S-2", "S-1"], [], ["S-2", "S-1"]]
    products = [Product.CALLING, Product.MESSAGING, Product.MEETINGS, Product.CALLING]
    assert await Loaders.running_customers.read(scope, products) == [1, 0, 1, 1]


def order(id_: str, subscription_id: str, day: int) -> dict[str, Any]:
    placed_at = datetime(2026, 3, day)
    same = {"entitlement_id": subscription_id, "customer_id": "cus_1", "number": id_, "lines": []}
    return {"_id": id_, **same, "kind": "NEW", "placed_at": placed_at}


def invoice(id_: str, subscription_id: str, day: int, state: str = "OPEN") -> dict[str, Any]:
    dates = {"issued_on": datetime(2026, 3, day), "due_on": datetime(2026, 4, day)}
    money = {"amount": "1.50", "currency": "EUR", "document_url": None}
    same = {"entitlement_id": subscription_id, "customer_id": "cus_1", "number": id_, "state": state}
    return {"_id": id_, **same, **dates, **money}


@pytest.mark.parametrize("kind", ["order", "invoice"])
async def test_orders_and_invoices(scope: Scope, kind: str) -> None:
    build = {"order": order, "invoice": invoice}[kind]
    first, second, _ = await insert(
        scope, f"{kind}s", build("x_1", "sub_1", 1), build("x_2", "sub_1", 2), build("x_3", "sub_2", 3)
    )
    relations: Mapping[str, Any] = vars(Loaders)
    await assert_reads_by_id(relations[f"{kind}s"], scope, first, second)
    counts = await relations[f"{kind}_counts"].read(scope, ["sub_2", UNKNOWN, "sub_1", "sub_2"])
    assert counts == [1, 0, 2, 1]
    read_pages = relations[f"{kind}_pages"].read
    pages = await read_pages(scope, [("sub_2", FIRST), (UNKNOWN, FIRST), ("sub_1", FIRST), ("sub_1", PageRequest())])
    assert [[row.id for row in page.rows] for page in pages] == [["x_3"], [], ["x_2"], ["x_2", "x_1"]]
    later = PageRequest(first=1, after=pages[2].end_cursor)
    of_another, page = await read_pages(scope, [("sub_2", later), ("sub_1", later)])
    assert isinstance(of_another, InvalidCursor)
    assert [row.id for row in page.rows] == ["x_1"]


async def test_the_newest_invoice_that_is_not_void(scope: Scope) -> None:
    await insert(
        scope,
        "invoices",
        invoice("x_1", "sub_1", 1),
        invoice("x_2", "sub_1", 2),
        invoice("x_3", "sub_1", 3, "VOID"),
        invoice("x_4", "sub_2", 4, "VOID"),
    )
    keys = ["sub_2", "sub_1", UNKNOWN, "sub_1"]
    assert await read_ids(Loaders.newest_valid_invoices, scope, *keys) == [None, "x_2", None, "x_2"]


async def test_tags_and_their_counts(scope: Scope) -> None:
    def tag(id_: str) -> dict[str, Any]:
        name = {"name": id_, "name_folded": id_, "name_key": id_}
        return {"_id": id_, **name, "color": "RED", "description": None, "created_by": None}

    first, second = await insert(scope, "tags", tag("tag_1"), tag("tag_2"))
    await assert_reads_by_id(Loaders.tags, scope, first, second)
    await add_customer(scope, "C-1", tag_ids=[first], assignments=[assignment(VIEWER)])
    await add_customer(scope, "C-2", tag_ids=[first])
    keys = [second, first, UNKNOWN, first]
    assert await Loaders.tag_counts.read(scope, keys) == [0, 2, 0, 2]
    assert await Loaders.tag_counts.read(replace(scope, role=PartnerRole.ADMINISTRATOR), keys) == [0, 1, 0, 1]


async def test_the_partner_is_the_scope_own(scope: Scope) -> None:
    partners = await Loaders.partner.read(scope, ["other", scope.partner_id, scope.partner_id])
    assert [partner and partner.partner_id for partner in partners] == [None, "acme", "acme"]  # type: ignore[union-attr]
    assert await Loaders.partner.read(replace(scope, partner_id="other"), ["other", "acme"]) == [None, None]


async def test_administrators_views_resources_and_helpdesk_requests(scope: Scope) -> None:
    first, second = await insert(
        scope,
        "administrators",
        administrator_document(scope, PartnerRole.ADMINISTRATOR, state="DEACTIVATED"),
        administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR),
    )
    await assert_reads_by_id(Loaders.administrators, scope, first, second)

    def view(id_: str, owner: str, *, shared: bool) -> dict[str, Any]:
        return {"_id": id_, "name": id_, "name_key": id_, "filter": None, "shared": shared, "owner_id": owner}

    await insert(
        scope,
        "customer_views",
        view("viw_1", VIEWER, shared=False),
        view("viw_2", "adm_other", shared=True),
        view("viw_3", "adm_other", shared=False),
    )
    await assert_reads_by_id(Loaders.views, scope, "viw_1", "viw_2")
    assert await read_ids(Loaders.views, scope, "viw_3") == [None]

    def resource(id_: str) -> dict[str, Any]:
        text = {"title": id_, "summary": "", "url": f"https://r.example/{id_}", "kind": "GUIDE", "products": []}
        return {"_id": id_, **text, "quick_link": False, "featured": False, "updated_on": datetime(2026, 3, 1)}

    await insert(scope, "resources", resource("res_1"), resource("res_2"))
    await assert_reads_by_id(Loaders.resources, scope, "res_1", "res_2")

    def request(id_: str, author: str) -> dict[str, Any]:
        text = {"topic": "OTHER", "subject": "S", "message": "M", "state": "OPEN"}
        return {"_id": id_, **text, "customer_id": None, "author_id": author}

    await insert(scope, "helpdesk_requests", request("hlp_1", VIEWER), request("hlp_2", "adm_other"))
    await assert_reads_by_id(Loaders.helpdesk_requests, scope, "hlp_1", "hlp_2")
    author = replace(scope, role=PartnerRole.READ_ONLY_ADMINISTRATOR)
    assert await read_ids(Loaders.helpdesk_requests, author, "hlp_2", "hlp_1") == [None, "hlp_1"]


async def test_events_and_the_logs_of_customers(scope: Scope) -> None:
    customer = await add_customer(scope, "C-1", assignments=[assignment(VIEWER)])
    hidden = await add_customer(scope, "C-2")
    stored = await put_events(
        scope,
        (ActivityKind.CUSTOMER_CHANGED, None, customer, 1),
        (ActivityKind.CUSTOMER_CHANGED, None, hidden, 2),
    )
    first, second = (event["_id"] for event in stored)
    await assert_reads_by_id(Loaders.events, scope, first, second)
    assigned = replace(scope, role=PartnerRole.ADMINISTRATOR)
    assert await read_ids(Loaders.events, assigned, second, first) == [None, first]
    without_permission = replace(scope, role=PartnerRole.HELPDESK_ADMINISTRATOR)
    assert await read_ids(Loaders.events, without_permission, first) == [None]
    pages: Any = await Loaders.activity_pages.read(assigned, [(hidden, FIRST), (customer, FIRST), (UNKNOWN, FIRST)])
    assert [page and len(page.rows) for page in pages] == [None, 1, None]
    later = PageRequest(first=5, after=pages[1].end_cursor)
    pages = await Loaders.activity_pages.read(assigned, [(hidden, later), (customer, later)])
    assert isinstance(pages[0], InvalidCursor)
    assert [row.id for row in pages[1].rows] == [first]


async def test_license_snapshots(scope: Scope) -> None:
    today = start_of_day(scope.now)

    def snapshot(subscription_id: str, days_ago: int, assigned: int, used: int) -> dict[str, Any]:
        figures = {"product": "CALLING", "total": 9, "assigned": assigned, "used": used}
        id_ = f"lsn_{subscription_id}_{days_ago}"
        return {"_id": id_, "entitlement_id": subscription_id, **figures, "day": today - days_ago * DAY}

    days = ((6, 6, 2), (7, 7, 3), (13, 8, 4), (14, 8, 7))
    await insert(scope, "license_snapshots", *(snapshot("sub_1", *day) for day in days), snapshot("sub_2", 14, 2, 2))
    first, second, other_product = ("sub_1", "CALLING"), ("sub_2", "CALLING"), ("sub_1", "MEETINGS")
    keys = [second, first, other_product, first]
    assert await Loaders.license_week_ago.read(scope, keys) == [None, (7, 3), None, (7, 3)]
