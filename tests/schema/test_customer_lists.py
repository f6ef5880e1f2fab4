"""Lists over the API: filters, orders, pages, totals and facets, and how what cannot be meant is refused."""

from typing import Any

import pytest

from domain.types import Product
from store.database.clock import utc_now
from tests.api_server import ApiHarness
from tests.factory_documents import DAY, assignment, line, put_customer, trial
from tests.store.factory_customers import subscription

LIST = """
query ($filter: CustomerFilter, $orderBy: CustomerOrder, $first: Int, $after: String, $last: Int, $before: String) {
  customers(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { externalId } edges { cursor node { externalId } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


@pytest.fixture
def holder(api: ApiHarness) -> str:
    return api.add_administrator("ADMINISTRATOR")


@pytest.fixture
def token(api: ApiHarness, holder: str) -> str:
    """Sees four customers: A expires soon, B is over its licences, C is on trial, D has nothing."""
    signed_in: dict[str, Any] = {"last_administrator_sign_in_at": utc_now() - 3 * DAY}
    put_customer(api, "A", subscription("S-A", ends_at=utc_now() + 4 * DAY), name="Émile & Söhne", country="DE")
    over = [line("CALLING", 1, 2)]
    put_customer(api, "B", subscription("S-B", licenses=over), name="Bravo", assignments=[assignment(holder)])
    put_customer(api, "C", trial("T-C"), name="Čačak", managed_by="EXTERNAL_ADMINISTRATOR", **signed_in)
    put_customer(api, "D", name="Delta", last_administrator_sign_in_at=None)
    return api.token(api.add_administrator("READ_ONLY_ADMINISTRATOR"))


def listed(api: ApiHarness, token: str, **variables: Any) -> str:
    found = api.execute_data(token, LIST, **variables)["customers"]
    assert [edge["node"] for edge in found["edges"]] == found["nodes"]
    return "".join(node["externalId"] for node in found["nodes"])


FILTERS: list[tuple[dict[str, Any] | None, str]] = [
    (None, "BCDA"),
    ({}, "BCDA"),
    ({"search": "sohn"}, "A"),
    ({"search": "cacak"}, "C"),
    ({"search": " "}, "BCDA"),
    ({"search": ".*"}, ""),
    ({"managedBy": "EXTERNAL_ADMINISTRATOR"}, "C"),
    ({"managedBy": ["EXTERNAL_ADMINISTRATOR", "PARTNER_ORGANIZATION"]}, "BCDA"),
    ({"managedBy": None}, "BCDA"),
    ({"managedBy": []}, ""),
    ({"product": ["CALLING"]}, "B"),
    ({"status": ["LICENSE_OVERAGE", "TRIAL"]}, "BC"),
    ({"status": ["EXPIRING_SOON"], "subscriptionType": ["SUBSCRIPTION"]}, "A"),
    ({"subscriptionType": ["TRIAL"]}, "C"),
    ({"country": ["de", "AT"]}, "A"),
    ({"tag": ["tag_1"]}, ""),
    ({"expiresWithinDays": 4}, "A"),
    ({"expiresWithinDays": 5}, "CA"),
    ({"search": "soehne s-a"}, "A"),
    ({"renewsWithinDays": 365}, ""),
    ({"hasTags": False}, "BCDA"),
    ({"hasTags": True}, ""),
    ({"hasAssignments": True}, "B"),
    ({"not": {"hasAssignments": True}}, "CDA"),
    ({"invoiceState": ["OPEN"]}, ""),
    ({"createdAt": {"since": "2020-01-01T00:00:00Z"}}, "BCDA"),
    ({"createdAt": {"until": "2020-01-01T00:00:00Z"}}, ""),
    ({"lastAdministratorSignInAt": {}}, "BCA"),
    ({"allOf": [{"status": "SUBSCRIPTION"}, {"not": {"country": "DE"}}]}, "B"),
    ({"anyOf": [{"search": "delta"}, {"country": "DE"}]}, "DA"),
    ({"allOf": []}, "BCDA"),
    ({"anyOf": []}, ""),
    ({"not": {}}, ""),
    ({"not": {"not": {"not": {"not": {"not": {"search": "delta"}}}}}}, "BCA"),
]


def test_filters_say_what_the_contract_says(api: ApiHarness, token: str, holder: str) -> None:
    for given, expected in [*FILTERS, ({"administrator": [holder]}, "B")]:
        assert (given, listed(api, token, filter=given)) == (given, expected)
        assert api.execute_data(token, LIST, filter=given)["customers"]["totalCount"] == len(expected)


def test_every_order_goes_both_ways_with_nulls_last(api: ApiHarness, token: str) -> None:
    orders = {
        ("NAME", "ASC"): "BCDA",
        ("NAME", "DESC"): "ADCB",
        ("CREATED_AT", "ASC"): "ABCD",
        ("CREATED_AT", "DESC"): "DCBA",
        ("LAST_ADMINISTRATOR_SIGN_IN_AT", "ASC"): "CABD",
        ("LAST_ADMINISTRATOR_SIGN_IN_AT", "DESC"): "BACD",
        ("NEXT_EXPIRY_AT", "ASC"): "ACBD",
        ("NEXT_EXPIRY_AT", "DESC"): "BCAD",
        ("URGENCY", "ASC"): "BCAD",
    }
    for (field, direction), expected in orders.items():
        order = {"field": field, "direction": direction}
        assert (order, listed(api, token, orderBy=order)) == (order, expected)
    assert listed(api, token, orderBy={}) == "BCDA"
    assert listed(api, token, orderBy={"direction": "DESC"}) == "ADCB"


def test_pages_go_forward_and_back(api: ApiHarness, token: str) -> None:
    first = api.execute_data(token, LIST, first=3)["customers"]
    assert [node["externalId"] for node in first["nodes"]] == ["B", "C", "D"]
    info = first["pageInfo"]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (True, False)
    assert (info["startCursor"], info["endCursor"]) == (first["edges"][0]["cursor"], first["edges"][-1]["cursor"])
    assert listed(api, token, first=3, after=info["endCursor"]) == "A"
    assert listed(api, token, last=1, before=info["endCursor"]) == "C"
    assert listed(api, token, last=2) == "DA"
    nothing = api.execute_data(token, LIST, filter={"anyOf": []})["customers"]
    assert (nothing["totalCount"], nothing["edges"]) == (0, [])
    assert nothing["pageInfo"]["startCursor"] is None


def test_counts_what_stands_behind_each_value(api: ApiHarness, token: str) -> None:
    query = """query ($filter: CustomerFilter) { customers(filter: $filter) { totalCount facets {
      managedBy { value count } product { value count } status { value count }
      subscriptionType { value count } tag { value { name } count } invoiceState { value count }
      administrator { value { email } count } country { value count } } } }"""
    found = api.execute_data(token, query, filter={"subscriptionType": ["TRIAL"]})["customers"]
    counts = {name: {one["value"]: one["count"] for one in rows} for name, rows in found["facets"].items()}
    assert found["totalCount"] == 1
    assert counts == {
        "managedBy": {"EXTERNAL_ADMINISTRATOR": 1, "PARTNER_ORGANIZATION": 0},
        "product": {product: int(product == "MEETINGS") for product in Product},
        "status": {
            "TRIAL": 1,
            "SUBSCRIPTION": 0,
            "EXPIRING_SOON": 1,
            "LICENSE_OVERAGE": 0,
            "NO_RECENT_ACTIVITY": 0,
            "READY_FOR_ORDER_SETUP": 0,
            "SUSPENDED": 0,
            "EXPIRED": 0,
        },
        "subscriptionType": {"SUBSCRIPTION": 2, "TRIAL": 1},
        "invoiceState": dict.fromkeys(["OPEN", "PAID", "OVERDUE", "VOID"], 0),
        "tag": {},
        "administrator": {},
        "country": {},
    }


def test_counts_the_customers_of_administrators_countries_and_states_of_invoices(
    api: ApiHarness, token: str, holder: str
) -> None:
    gone = api.add_administrator("ADMINISTRATOR", state="DEACTIVATED")
    paid = {**subscription("S-E"), "invoice_state": "PAID"}
    put_customer(api, "E", paid, country="DE", assignments=[assignment(holder), assignment(gone)])
    put_customer(api, "F", country="AT", assignments=[assignment("adm_unknown")])
    query = """query ($filter: CustomerFilter) { customers(filter: $filter) { facets {
      administrator { value { id } count } country { value count } invoiceState { value count } } } }"""
    facets = api.execute_data(token, query)["customers"]["facets"]
    assert facets["administrator"] == [{"value": {"id": holder}, "count": 2}]
    assert facets["country"] == [{"value": "DE", "count": 2}, {"value": "AT", "count": 1}]
    assert {one["value"]: one["count"] for one in facets["invoiceState"] if one["count"]} == {"PAID": 1}
    # Each leaves out its own condition, and heeds the others.
    filter = {"administrator": [holder], "country": ["DE"], "invoiceState": ["OPEN"]}
    facets = api.execute_data(token, query, filter=filter)["customers"]["facets"]
    assert facets["administrator"] == facets["country"] == []
    assert {one["value"]: one["count"] for one in facets["invoiceState"] if one["count"]} == {"PAID": 1}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"first": 0}, "BAD_USER_INPUT"),
    ({"first": -1}, "BAD_USER_INPUT"),
    ({"first": 201}, "BAD_USER_INPUT"),
    ({"last": 0}, "BAD_USER_INPUT"),
    ({"last": 201}, "BAD_USER_INPUT"),
    ({"first": 1, "last": 1}, "BAD_USER_INPUT"),
    ({"first": "1"}, "BAD_USER_INPUT"),
    ({"first": 1.5}, "BAD_USER_INPUT"),
    ({"after": "x"}, "INVALID_CURSOR"),
    ({"before": ""}, "INVALID_CURSOR"),
    ({"filter": {"search": "x" * 101}}, "BAD_USER_INPUT"),
    ({"filter": {"expiresWithinDays": 0}}, "BAD_USER_INPUT"),
    ({"filter": {"expiresWithinDays": 366}}, "BAD_USER_INPUT"),
    ({"filter": {"tag": [f"tag_{n}" for n in range(501)]}}, "BAD_USER_INPUT"),
    ({"filter": {"status": ["NEW"]}}, "BAD_USER_INPUT"),
    ({"filter": {"status": {"$ne": "TRIAL"}}}, "BAD_USER_INPUT"),
    ({"filter": {"nothing": 1}}, "BAD_USER_INPUT"),
    ({"filter": {"not": {"not": {"not": {"not": {"not": {"not": {}}}}}}}}, "BAD_USER_INPUT"),
    ({"orderBy": {"field": "ID"}}, "BAD_USER_INPUT"),
    ({"orderBy": {"field": None}}, "BAD_USER_INPUT"),
]


def test_refuses_what_cannot_be_meant(api: ApiHarness) -> None:
    token = api.token(api.add_administrator("READ_ONLY_ADMINISTRATOR"))
    for variables, code in REFUSED:
        answer = api.execute(token, LIST, **variables)
        found = {error["extensions"]["code"] for error in answer["errors"]}
        # A wrong variable stops the operation before it has data.
        assert (variables, found) == (variables, {code})
        assert answer.get("data", {"customers": None}) == {"customers": None}


def test_a_wrong_page_is_refused_also_where_only_the_total_is_selected(api: ApiHarness) -> None:
    token = api.token(api.add_administrator("READ_ONLY_ADMINISTRATOR"))
    (error,) = api.execute(token, "{ customers(first: 1, last: 1) { totalCount } }")["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["customers"], "BAD_USER_INPUT")


def test_a_cursor_belongs_to_its_own_list(api: ApiHarness, token: str) -> None:
    cursor = api.execute_data(token, LIST, first=1)["customers"]["pageInfo"]["endCursor"]
    others: list[dict[str, Any]] = [{"filter": {"search": "b"}}, {"orderBy": {"direction": "DESC"}}]
    for other in others:
        (error,) = api.execute(token, LIST, after=cursor, **other)["errors"]
        assert error["extensions"]["code"] == "INVALID_CURSOR"
