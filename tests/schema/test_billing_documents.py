"""Orders and invoices of subscriptions: lists newest first, the invoice that stands, money, and who sees them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.imports.records import ImportKind
from store.database.client import Client
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import customer_record, invoice_record, order_record, subscription_record
from tests.jobs.imports.factory_imports import documents, import_lines
from tests.schema.factory_mutations import token_of
from tests.schema.test_query_counts import InProcessPartner, QueryRecorder

ORDERS = """query($first: Int, $after: String) { customer(by: {externalId: "C-1"}) { subscriptions {
  orders(first: $first, after: $after) { totalCount nodes { number } pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor } } } } }"""


def imported(api: ApiHarness, kind: ImportKind, *lines: Any, partner: str | None = None) -> None:
    """Lines that are all taken."""
    assert api.store(lambda scope: import_lines(scope, kind, *lines), partner).summary.refused == 0


@pytest.fixture
def token(api: ApiHarness) -> str:
    """Who sees all; there is a customer with a subscription."""
    imported(api, ImportKind.CUSTOMERS, customer_record())
    imported(api, ImportKind.SUBSCRIPTIONS, subscription_record())
    return token_of(api, "READ_ONLY_ADMINISTRATOR")


def subscriptions(api: ApiHarness, token: str, selection: str) -> list[dict[str, Any]]:
    query = f'{{ customer(by: {{externalId: "C-1"}}) {{ subscriptions {{ {selection} }} }} }}'
    found: list[dict[str, Any]] = api.execute_data(token, query)["customer"]["subscriptions"]
    return found


def page(api: ApiHarness, token: str, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.execute_data(token, ORDERS, **given)["customer"]["subscriptions"][0]["orders"]
    return found


def test_an_order_shows_its_lines_and_its_total_where_there_is_one(api: ApiHarness, token: str) -> None:
    lines = [{"product": "CALLING", "quantity": -3}, {"product": "MEETINGS", "quantity": 2}]
    paid = order_record("O-2", kind="REMOVE_LICENSES", placedAt="2026-11-02T00:00:00Z", lines=lines, amount="-12.50")
    imported(api, ImportKind.ORDERS, order_record("O-1"), {**paid, "currency": "EUR"})
    selection = "orders { nodes { number kind placedAt lines { product quantity } total { amount currency } } }"
    (found,) = subscriptions(api, token, selection)
    second, first = found["orders"]["nodes"]
    assert (second["kind"], second["placedAt"], second["lines"]) == ("REMOVE_LICENSES", "2026-11-02T00:00:00Z", lines)
    assert (second["total"], first["total"]) == ({"amount": "-12.50", "currency": "EUR"}, None)


def test_an_invoice_shows_dates_and_an_exact_total(api: ApiHarness, token: str) -> None:
    url = "https://bills.example/1"
    imported(api, ImportKind.INVOICES, invoice_record(amount="123456789012.3456", documentUrl=url))
    selection = "invoice { number state issuedOn dueOn documentUrl total { amount currency } }"
    assert subscriptions(api, token, selection) == [
        {
            "invoice": {
                "number": "INV-1",
                "state": "OPEN",
                "issuedOn": "2026-11-01",
                "dueOn": "2026-12-01",
                "documentUrl": url,
                "total": {"amount": "123456789012.3456", "currency": "EUR"},
            }
        }
    ]


def test_the_invoice_is_the_newest_that_is_not_void(api: ApiHarness, token: str) -> None:
    assert subscriptions(api, token, "invoice { number }") == [{"invoice": None}]
    lines = [
        invoice_record(f"I-{day}", issuedOn=f"2026-11-0{day}", state=state)
        for day, state in [(1, "PAID"), (2, "OVERDUE"), (3, "VOID")]
    ]
    imported(api, ImportKind.INVOICES, *lines[::-1])
    (found,) = subscriptions(api, token, "invoice { number } invoices { totalCount nodes { number state } }")
    assert found["invoice"] == {"number": "I-2"}
    assert found["invoices"]["totalCount"] == 3
    assert [bill["number"] for bill in found["invoices"]["nodes"]] == ["I-3", "I-2", "I-1"]
    imported(api, ImportKind.INVOICES, *({**line, "state": "VOID"} for line in lines))
    assert subscriptions(api, token, "invoice { number }") == [{"invoice": None}]


def test_pages_go_through_the_whole_list_newest_first(api: ApiHarness, token: str) -> None:
    lines = [order_record(f"O-{n:02}", placedAt=f"2026-11-{1 + n // 2:02}T00:00:00Z") for n in range(30)]
    imported(api, ImportKind.ORDERS, *lines)
    newest = [line["number"] for line in lines][::-1]
    assert [order["number"] for order in page(api, token)["nodes"]] == newest[:25]
    seen: list[str] = []
    after = None
    for number in range(4):
        found = page(api, token, first=8, after=after)
        seen += [order["number"] for order in found["nodes"]]
        assert found["totalCount"] == 30
        assert found["pageInfo"]["hasNextPage"] is (number < 3)
        assert found["pageInfo"]["hasPreviousPage"] is (number > 0)
        after = found["pageInfo"]["endCursor"]
        assert found["edges"][-1]["cursor"] == after
    assert seen == newest


@pytest.mark.parametrize(("given", "code"), [({"first": 0}, "BAD_USER_INPUT"), ({"first": 201}, "BAD_USER_INPUT")])
def test_pages_that_cannot_be_meant_are_refused(api: ApiHarness, token: str, given: Any, code: str) -> None:
    (error,) = api.execute(token, ORDERS, **given)["errors"]
    assert error["extensions"]["code"] == code


def test_a_cursor_belongs_to_its_list(api: ApiHarness, token: str) -> None:
    imported(api, ImportKind.SUBSCRIPTIONS, subscription_record("SUB-2"))
    imported(api, ImportKind.ORDERS, order_record(), order_record("O-2", subscription="SUB-2"))
    query = "subscriptions { orders { edges { cursor } } invoices { edges { cursor } } }"
    data = api.execute_data(token, f'{{ customer(by: {{externalId: "C-1"}}) {{ {query} }} }}')
    first, second = (one["orders"]["edges"][0]["cursor"] for one in data["customer"]["subscriptions"])
    assert first != second
    for cursor in (first, "nonsense"):
        codes = {error["extensions"]["code"] for error in api.execute(token, ORDERS, after=cursor)["errors"]}
        assert codes == {"INVALID_CURSOR"}


def test_papers_exist_where_their_customer_does(api: ApiHarness, token: str) -> None:
    imported(api, ImportKind.ORDERS, order_record())
    imported(api, ImportKind.INVOICES, invoice_record())
    found = api.store(lambda scope: documents(scope, "orders")), api.store(lambda scope: documents(scope, "invoices"))
    ids = [one["_id"] for (one,) in found]
    assert [id_[:4] for id_ in ids] == ["ord_", "inv_"]
    query = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
      ... on Order { number total { amount } } ... on Invoice { number state } } }"""
    order, invoice = api.execute_data(token, query, ids=ids)["nodes"]
    assert order == {"__typename": "Order", "id": ids[0], "number": "ORD-1", "total": None}
    assert invoice == {"__typename": "Invoice", "id": ids[1], "number": "INV-1", "state": "OPEN"}
    for viewer in (token_of(api, "ADMINISTRATOR"), token_of(api, "FULL_ADMINISTRATOR", api.other)):
        assert api.execute_data(viewer, query, ids=ids)["nodes"] == [None, None]
    imported(api, ImportKind.CUSTOMERS, customer_record(removedAt="2026-11-01T00:00:00Z"))
    assert api.execute_data(token, query, ids=ids)["nodes"] == [None, None]


def test_everything_with_a_number_is_found_by_it(api: ApiHarness, token: str) -> None:
    imported(api, ImportKind.ORDERS, order_record())
    imported(api, ImportKind.INVOICES, invoice_record())
    query = """query($s: String!, $o: String!, $i: String!) {
      entitlement(number: $s) { __typename ... on CustomerSubscription { number } }
      order(number: $o) { number } invoice(number: $i) { number } }"""
    numbers = {"s": "SUB-1", "o": " ORD-1", "i": "INV-1"}
    assert api.execute_data(token, query, **numbers) == {
        "entitlement": {"__typename": "CustomerSubscription", "number": "SUB-1"},
        "order": {"number": "ORD-1"},
        "invoice": {"number": "INV-1"},
    }
    nothing = {"entitlement": None, "order": None, "invoice": None}
    assert api.execute_data(token, query, s="INV-1", o="SUB-1", i="ORD-1") == nothing
    for viewer in (token_of(api, "ADMINISTRATOR"), token_of(api, "FULL_ADMINISTRATOR", api.other)):
        assert api.execute_data(viewer, query, **numbers) == nothing


@pytest.fixture
async def world(mongo_uri: str, prepared_database: str) -> AsyncIterator[InProcessPartner]:
    recorder = QueryRecorder()
    client = Client(mongo_uri, prepared_database, event_listeners=[recorder])
    yield InProcessPartner(client, recorder)
    await client.close()


async def test_papers_of_a_list_cost_one_query_for_each_relation(world: InProcessPartner) -> None:
    await world.fill(12)
    lines = [f"{kind}-{number}" for number in range(12) for kind in "ST"]
    await import_lines(world.scope, ImportKind.ORDERS, *(order_record(f"O-{n}", subscription=n) for n in lines))
    await import_lines(world.scope, ImportKind.INVOICES, *(invoice_record(f"I-{n}", subscription=n) for n in lines))
    selection = """invoice { number } a: orders { totalCount nodes { number } } b: orders(first: 1) { edges { cursor } }
      invoices(first: 3) { nodes { number } } c: invoices { totalCount }"""
    data = await world.ask(f"{{ customers(first: 12) {{ nodes {{ subscriptions {{ number {selection} }} }} }} }}")
    assert world.recorder.take_collections() == ["customers", "entitlements", *["invoices"] * 3, *["orders"] * 2]
    for customer in data["customers"]["nodes"]:
        for one in customer["subscriptions"]:
            number = one["number"]
            assert one["invoice"] == {"number": f"I-{number}"}
            assert one["a"] == {"totalCount": 1, "nodes": [{"number": f"O-{number}"}]}


async def test_no_list_of_papers_scans_a_collection(world: InProcessPartner) -> None:
    await world.fill(2)
    await world.ask("{ customers { nodes { subscriptions { invoice { id } orders { totalCount nodes { id } } } } } }")
    asked = [query for query in world.recorder.queries if "aggregate" in query]
    assert len(asked) == 3
    for command in asked:
        kept = {key: command[key] for key in ("aggregate", "pipeline", "cursor", "hint")}
        plan = str(await world.client.command({"explain": kept, "verbosity": "queryPlanner"}))
        assert "COLLSCAN" not in plan
        assert "'stage': 'SORT'" not in plan, plan


def test_orders_and_invoices_page_backwards_and_name_their_subscription(api: ApiHarness, token: str) -> None:
    days = range(1, 6)
    imported(api, ImportKind.ORDERS, *(order_record(f"O-{d}", placedAt=f"2026-11-0{d}T00:00:00Z") for d in days))
    imported(api, ImportKind.INVOICES, *(invoice_record(f"I-{d}", issuedOn=f"2026-11-0{d}") for d in days))
    for field, prefix in (("orders", "O"), ("invoices", "I")):
        query = f"""query($before: String) {{ customer(by: {{externalId: "C-1"}}) {{ subscriptions {{ number
          {field}(last: 2, before: $before) {{ totalCount nodes {{ number subscription {{ number }} }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor }} }} }} }} }}"""
        pages: list[list[str]] = []
        before, more = None, True
        while more:
            data = api.execute_data(token, query, before=before)
            (subscription,) = data["customer"]["subscriptions"]
            shown, info = subscription[field], subscription[field]["pageInfo"]
            assert {node["subscription"]["number"] for node in shown["nodes"]} == {subscription["number"]}
            assert (shown["totalCount"], info["hasNextPage"]) == (5, before is not None)
            pages.append([node["number"] for node in shown["nodes"]])
            before, more = info["startCursor"], info["hasPreviousPage"]
        assert pages == [[f"{prefix}-2", f"{prefix}-1"], [f"{prefix}-4", f"{prefix}-3"], [f"{prefix}-5"]]


async def test_last_pages_and_subscriptions_of_papers_cost_one_query_for_each_relation(world: InProcessPartner) -> None:
    await world.fill(3)
    lines = [f"{kind}-{number}" for number in range(3) for kind in "ST"]
    await import_lines(world.scope, ImportKind.ORDERS, *(order_record(f"O-{n}", subscription=n) for n in lines))
    await import_lines(world.scope, ImportKind.INVOICES, *(invoice_record(f"I-{n}", subscription=n) for n in lines))
    selection = """number orders(last: 2) { nodes { number subscription { number } } }
      invoices(last: 2) { nodes { number subscription { number } } }"""
    data = await world.ask(f"{{ customers(first: 3) {{ nodes {{ subscriptions {{ {selection} }} }} }} }}")
    assert world.recorder.take_collections() == ["customers", *["entitlements"] * 2, "invoices", "orders"]
    for customer in data["customers"]["nodes"]:
        for one in customer["subscriptions"]:
            held = {"subscription": {"number": one["number"]}}
            assert one["orders"]["nodes"] == [{"number": f"O-{one['number']}", **held}]
            assert one["invoices"]["nodes"] == [{"number": f"I-{one['number']}", **held}]
