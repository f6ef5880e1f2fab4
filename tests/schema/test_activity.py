"""The activity through the API: who did what to whom, as far as the viewer may see."""

from typing import Any

import pytest

from store.database.clock import utc_now
from store.database.ids import new_id
from tests.api_server import ApiHarness
from tests.factory_documents import DAY, assignment
from tests.schema.factory_mutations import accept_terms, send_mutation, token_of
from tests.store.factory_customers import add_customer, subscription

EVENT = "id kind at summary actor { displayName } customer { externalId } subject { __typename id }"
LOG = f"""query($filter: ActivityFilter, $first: Int, $after: String) {{
  activity(filter: $filter, first: $first, after: $after) {{
    nodes {{ {EVENT} }} edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor startCursor }} }} }}"""
OF_CUSTOMERS = """query($first: Int) { customers { nodes {
  externalId name activity(first: $first) { nodes { kind } pageInfo { hasNextPage } } } } }"""


@pytest.fixture
def full(api: ApiHarness) -> str:
    """A full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return api.token(api.add_administrator("FULL_ADMINISTRATOR", display_name="Ada"))


def log(api: ApiHarness, token: str, **given: Any) -> list[dict[str, Any]]:
    """The events of one page, whose edges must agree with its nodes."""
    found = api.execute_data(token, LOG, **given)["activity"]
    assert [edge["node"]["id"] for edge in found["edges"]] == [node["id"] for node in found["nodes"]]
    nodes: list[dict[str, Any]] = found["nodes"]
    return nodes


def kinds(api: ApiHarness, token: str, **given: Any) -> list[str]:
    return [event["kind"] for event in log(api, token, **given)]


def put(api: ApiHarness, external_id: str, holder: str | None = None, **facts: Any) -> str:
    held = [] if holder is None else [assignment(holder)]
    return api.store(lambda scope: add_customer(scope, external_id, assignments=held, **facts))


def launch(api: ApiHarness, token: str, customer: str) -> None:
    assert send_mutation(api, token, "launchCustomer", "url", customer=customer)["userErrors"] == []


def make_tag(api: ApiHarness, token: str, name: str) -> str:
    return str(send_mutation(api, token, "createTag", "tag { id }", name=name)["tag"]["id"])


def test_the_newest_comes_first_with_all_that_it_names(api: ApiHarness, full: str) -> None:
    customer = put(api, "ORG-1")
    tag = make_tag(api, full, "Gold")
    launch(api, full, customer)
    launched, created, added = log(api, full)
    assert (launched["kind"], created["kind"], added["kind"]) == ("CUSTOMER_LAUNCHED", "TAG_CREATED", "CUSTOMER_ADDED")
    assert launched["at"] >= created["at"] >= added["at"]
    assert created["summary"] == "Tag Gold was created"
    assert (created["actor"], created["customer"]) == ({"displayName": "Ada"}, None)
    assert created["subject"] == {"__typename": "Tag", "id": tag}
    assert launched["customer"] == {"externalId": "ORG-1"}
    assert launched["subject"] == {"__typename": "Customer", "id": customer}
    assert (added["actor"], added["summary"]) == (None, "Customer ORG-1 was added")
    for event in (launched, created, added):
        node = f"query($id: ID!) {{ node(id: $id) {{ ... on ActivityEvent {{ {EVENT} }} }} }}"
        assert api.execute_data(full, node, id=event["id"])["node"] == event


def test_conditions_are_joined_by_and(api: ApiHarness, full: str) -> None:
    first, second = put(api, "ORG-1"), put(api, "ORG-2")
    launch(api, full, first)
    make_tag(api, full, "Gold")
    me = api.execute_data(full, "{ viewer { administrator { id } } }")["viewer"]["administrator"]["id"]
    everything = ["TAG_CREATED", "CUSTOMER_LAUNCHED", "CUSTOMER_ADDED", "CUSTOMER_ADDED"]
    assert kinds(api, full, filter={}) == everything
    assert kinds(api, full, filter=dict.fromkeys(("kind", "actor", "customer", "since", "until"))) == everything
    assert kinds(api, full, filter={"kind": ["CUSTOMER_ADDED"]}) == everything[2:]
    assert kinds(api, full, filter={"kind": "TAG_CREATED"}) == everything[:1]
    assert kinds(api, full, filter={"actor": [me]}) == everything[:2]
    assert kinds(api, full, filter={"customer": [first]}) == everything[1:3]
    assert kinds(api, full, filter={"customer": [first, second], "actor": [me]}) == everything[1:2]
    for empty in ("kind", "actor", "customer"):
        assert kinds(api, full, filter={empty: []}) == []


def test_since_is_inclusive_and_until_is_not(api: ApiHarness, full: str) -> None:
    put(api, "ORG-1")
    put(api, "ORG-2")
    later, sooner = log(api, full)
    assert later["at"] > sooner["at"]
    assert log(api, full, filter={"since": sooner["at"], "until": later["at"]}) == [sooner]
    assert log(api, full, filter={"since": later["at"]}) == [later]
    assert log(api, full, filter={"since": later["at"], "until": sooner["at"]}) == []
    assert log(api, full, filter={"until": "2020-01-01T00:00:00Z"}) == []


def test_pages_follow_each_other(api: ApiHarness, full: str) -> None:
    for number in range(5):
        put(api, f"ORG-{number}")
    seen, after = [], None
    for has_next in (True, True, False):
        page = api.execute_data(full, LOG, first=2, after=after)["activity"]
        seen += [node["summary"] for node in page["nodes"]]
        assert page["pageInfo"]["hasNextPage"] is has_next
        assert page["edges"][-1]["cursor"] == page["pageInfo"]["endCursor"]
        after = page["pageInfo"]["endCursor"]
    assert seen == [f"Customer ORG-{number} was added" for number in (4, 3, 2, 1, 0)]
    assert log(api, full, after=after) == []
    empty = api.execute_data(full, LOG, filter={"kind": []})["activity"]["pageInfo"]
    assert empty == {"hasNextPage": False, "endCursor": None, "startCursor": None}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"first": 0}, "BAD_USER_INPUT"),
        ({"first": 201}, "BAD_USER_INPUT"),
        ({"after": "x"}, "INVALID_CURSOR"),
        ({"filter": {"actor": [str(number) for number in range(101)]}}, "BAD_USER_INPUT"),
        ({"filter": {"kind": ["NOTHING"]}}, "BAD_USER_INPUT"),
        ({"filter": {"since": "yesterday"}}, "BAD_USER_INPUT"),
    ],
)
def test_what_cannot_be_meant_is_refused(api: ApiHarness, full: str, given: Any, code: str) -> None:
    answer = api.execute(full, LOG, **given)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


def test_what_selects_nothing_of_a_page_is_checked_all_the_same(api: ApiHarness, full: str) -> None:
    put(api, "ORG-1")
    bare = "{ activity { __typename } customers { nodes { activity { __typename } } } }"
    there = {"__typename": "ActivityConnection"}
    assert api.execute_data(full, bare) == {"activity": there, "customers": {"nodes": [{"activity": there}]}}
    refused = api.execute(full, "{ customers { nodes { activity(first: 0) { __typename } } } }")
    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_role_without_the_permission_gets_null_and_the_rest(api: ApiHarness, full: str) -> None:
    customer = put(api, "ORG-1")
    event = log(api, full)[0]["id"]
    helper = token_of(api, "HELPDESK_ADMINISTRATOR")
    answer = api.execute(helper, "{ activity { nodes { id } } helpdesk { name } }")
    assert answer["data"] == {"activity": None, "helpdesk": {"name": "Partner helpdesk"}}
    assert answer["errors"][0]["extensions"] == {"code": "FORBIDDEN", "permission": "READ_ACTIVITY"}
    answer = api.execute(helper, OF_CUSTOMERS)
    assert answer["data"]["customers"]["nodes"] == [{"externalId": "ORG-1", "name": "Customer ORG-1", "activity": None}]
    query = "query($id: ID!) { node(id: $id) { ... on Customer { name activity { nodes { id } } } } }"
    assert api.execute(helper, query, id=customer)["data"]["node"] == {"name": "Customer ORG-1", "activity": None}
    assert api.execute_data(helper, "query($id: ID!) { node(id: $id) { id } }", id=event)["node"] is None


def test_an_administrator_reads_of_their_customers_and_of_what_they_did(api: ApiHarness, full: str) -> None:
    holder = api.add_administrator("ADMINISTRATOR")
    token = api.token(holder)
    mine, theirs = put(api, "MINE", holder), put(api, "THEIRS")
    launch(api, full, mine)
    launch(api, full, theirs)
    make_tag(api, full, "Theirs")
    make_tag(api, token, "Mine")
    assert [event["summary"] for event in log(api, token)] == [
        "Tag Mine was created",
        "An address that opens Customer MINE was asked for",
        "Customer MINE was added",
    ]
    assert kinds(api, token, filter={"customer": [theirs]}) == []
    hidden = log(api, full, filter={"customer": [theirs]})
    for event in hidden:
        assert api.execute_data(token, "query($id: ID!) { node(id: $id) { id } }", id=event["id"])["node"] is None
    seen = api.execute_data(token, OF_CUSTOMERS)["customers"]["nodes"]
    assert [one["externalId"] for one in seen] == ["MINE"]
    assert [event["kind"] for event in seen[0]["activity"]["nodes"]] == ["CUSTOMER_LAUNCHED", "CUSTOMER_ADDED"]


def test_what_they_did_stays_when_the_customer_goes_out_of_sight(api: ApiHarness, full: str) -> None:
    holder = api.add_administrator("ADMINISTRATOR")
    token = api.token(holder)
    customer = put(api, "ORG-1", holder)
    launch(api, token, customer)

    async def expire(scope: Any) -> None:
        over = {"$set": {"assignments.0.expires_at": utc_now() - DAY}}
        await scope.collection("customers").update_one({**scope.match(), "_id": customer}, over)

    api.store(expire)
    (event,) = log(api, token)
    assert (event["kind"], event["customer"], event["subject"]) == ("CUSTOMER_LAUNCHED", None, None)
    assert [one["customer"] for one in log(api, full)] == [{"externalId": "ORG-1"}] * 2


def test_the_helpdesk_of_others_is_neither_named_nor_shown(api: ApiHarness, full: str) -> None:
    holder = api.add_administrator("ADMINISTRATOR", display_name="Grace")
    token, reader = api.token(holder), token_of(api, "READ_ONLY_ADMINISTRATOR")
    customer = put(api, "ORG-1", holder)
    given = {"topic": "CALLING", "subject": "SECRET", "message": "SECRET", "customer": customer}
    request = send_mutation(api, full, "requestHelpdesk", "request { id }", **given)["request"]["id"]
    assert send_mutation(api, full, "closeHelpdeskRequest", "request { id }", id=request)["userErrors"] == []
    assert kinds(api, token) == ["CUSTOMER_ADDED"]
    told = log(api, reader, filter={"kind": ["HELPDESK_REQUESTED", "HELPDESK_CLOSED"]})
    assert [(one["summary"], one["subject"], one["customer"]) for one in told] == [
        ("A helpdesk request of Ada was closed", None, None),
        ("Ada asked the helpdesk for help", None, None),
    ]
    assert log(api, full)[0]["subject"] == {"__typename": "HelpdeskRequest", "id": request}
    assert "SECRET" not in str(told)
    assert send_mutation(api, token, "requestHelpdesk", "request { id }", **given)["userErrors"] == []
    assert kinds(api, token) == ["HELPDESK_REQUESTED", "CUSTOMER_ADDED"]


def test_a_private_view_is_shown_to_its_owner_alone(api: ApiHarness, full: str) -> None:
    view = send_mutation(api, full, "saveCustomerView", "view { id }", name="SECRET")["view"]["id"]
    (own,) = log(api, full)
    assert own["subject"] == {"__typename": "CustomerView", "id": view}
    (other,) = log(api, token_of(api, "READ_ONLY_ADMINISTRATOR"))
    assert (other["subject"], other["actor"]) == (None, {"displayName": "Ada"})
    assert "SECRET" not in str(other)


def test_a_removed_customer_stays_in_the_log_of_those_who_see_all(api: ApiHarness, full: str) -> None:
    holder = api.add_administrator("ADMINISTRATOR")
    put(api, "GONE", holder, removed_at=utc_now() - DAY)
    assert [(event["kind"], event["customer"]) for event in log(api, full)] == [
        ("CUSTOMER_REMOVED", None),
        ("CUSTOMER_ADDED", None),
    ]
    assert log(api, api.token(holder)) == []


def test_nothing_of_another_partner_is_read(api: ApiHarness, full: str) -> None:
    customer = put(api, "ORG-1")
    event = log(api, full)[0]["id"]
    stranger = token_of(api, "FULL_ADMINISTRATOR", api.other)
    assert log(api, stranger) == []
    assert log(api, stranger, filter={"customer": [customer]}) == []
    assert api.execute_data(stranger, "query($id: ID!) { node(id: $id) { id } }", id=event)["node"] is None
    assert api.execute_data(full, "query($id: ID!) { node(id: $id) { id } }", id=new_id("evt"))["node"] is None


def test_a_customers_own_log_pages_on(api: ApiHarness, full: str) -> None:
    customer = api.store(lambda scope: add_customer(scope, "ORG-1", subscription("S-1")))
    put(api, "ORG-2")
    for _ in range(2):
        launch(api, full, customer)
    query = """query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Customer {
      activity(first: $first, after: $after) { nodes { kind } pageInfo { hasNextPage endCursor } } } } }"""
    seen, after = [], None
    for has_next in (True, False):
        page = api.execute_data(full, query, id=customer, first=2, after=after)["node"]["activity"]
        seen += [node["kind"] for node in page["nodes"]]
        assert page["pageInfo"]["hasNextPage"] is has_next
        after = page["pageInfo"]["endCursor"]
    assert seen == ["CUSTOMER_LAUNCHED"] * 2 + ["STATUS_CHANGED", "CUSTOMER_ADDED"]
    assert api.execute(full, query, id=customer, first=-1)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_the_log_is_counted_paged_backwards_and_tells_what_changed(api: ApiHarness, full: str) -> None:
    customer = put(api, "ORG-1")
    tag = make_tag(api, full, "Gold")
    assert send_mutation(api, full, "updateTag", "tag { id }", id=tag, version=1, name="Silver")["userErrors"] == []
    selection = "totalCount nodes { kind changes { field before after } } pageInfo { hasPreviousPage startCursor }"
    query = f"""query($id: ID!, $before: String) {{
      activity(last: 2, before: $before) {{ {selection} }}
      node(id: $id) {{ ... on Customer {{ activity(last: 1) {{ {selection} }} }} }} }}"""
    data = api.execute_data(full, query, id=customer)
    assert [node["kind"] for node in data["activity"]["nodes"]] == ["TAG_CREATED", "CUSTOMER_ADDED"]
    assert (data["activity"]["totalCount"], data["node"]["activity"]["totalCount"]) == (3, 1)
    assert data["node"]["activity"]["nodes"] == [{"kind": "CUSTOMER_ADDED", "changes": []}]
    newer = api.execute_data(full, query, id=customer, before=data["activity"]["pageInfo"]["startCursor"])["activity"]
    change = {"field": "name", "before": "Gold", "after": "Silver"}
    assert newer["nodes"] == [{"kind": "TAG_CHANGED", "changes": [change]}]
    assert newer["pageInfo"]["hasPreviousPage"] is False
    assert api.execute_data(full, "{ activity(filter: {kind: [TAG_CREATED]}) { totalCount } }") == {
        "activity": {"totalCount": 1}
    }
