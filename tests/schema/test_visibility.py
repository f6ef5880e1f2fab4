"""What a viewer cannot see does not exist for them: by partner, by role, by assignment, and by time."""

from typing import Any

import pytest

from domain.types import PartnerRole
from store.database.clock import utc_now
from tests.api_server import ApiHarness
from tests.factory_documents import DAY, assignment, put_customer, trial
from tests.store.factory_customers import subscription

EVERYWHERE = """
query ($id: ID!, $externalId: ID!, $ids: [ID!]!) {
  node(id: $id) { id } nodes(ids: $ids) { id }
  byId: customer(by: {id: $id}) { id } byExternalId: customer(by: {externalId: $externalId}) { id }
  customers { totalCount nodes { id } }
}
"""


def seen(api: ApiHarness, token: str, identity: str, external_id: str) -> dict[str, Any]:
    return api.execute_data(token, EVERYWHERE, id=identity, externalId=external_id, ids=[identity])


def is_seen(answer: dict[str, Any], identity: str) -> bool:
    """Whether the customer is there: everywhere, or nowhere."""
    ways = [answer["node"], answer["nodes"][0], answer["byId"], answer["byExternalId"]]
    found = [way == {"id": identity} for way in ways]
    found.append({"id": identity} in answer["customers"]["nodes"])
    assert all(found) or (not any(found) and not any(ways)), answer
    return all(found)


@pytest.mark.parametrize("role", list(PartnerRole))
def test_nobody_sees_another_partners_customer(api: ApiHarness, role: PartnerRole) -> None:
    viewer = api.add_administrator(role, api.other)
    identity = put_customer(api, "ORG-1", assignments=[assignment(viewer)])
    token = api.token(viewer, api.other)
    assert not is_seen(seen(api, token, identity, "ORG-1"), identity)
    assert seen(api, token, identity, "ORG-1")["customers"] == {"totalCount": 0, "nodes": []}


def test_an_administrator_sees_those_assigned_and_the_others_see_all(api: ApiHarness) -> None:
    holder = api.add_administrator("ADMINISTRATOR")
    mine = put_customer(api, "MINE", assignments=[assignment(holder)])
    theirs = put_customer(api, "THEIRS", assignments=[assignment(api.add_administrator("ADMINISTRATOR"))])
    token = api.token(holder)
    assert is_seen(seen(api, token, mine, "MINE"), mine)
    assert not is_seen(seen(api, token, theirs, "THEIRS"), theirs)
    assert seen(api, token, mine, "MINE")["customers"]["totalCount"] == 1
    for role in ("FULL_ADMINISTRATOR", "READ_ONLY_ADMINISTRATOR", "HELPDESK_ADMINISTRATOR"):
        other = api.token(api.add_administrator(role))
        assert is_seen(seen(api, other, theirs, "THEIRS"), theirs)
        assert seen(api, other, theirs, "THEIRS")["customers"]["totalCount"] == 2


def test_an_assignment_that_has_expired_opens_nothing(api: ApiHarness) -> None:
    holder = api.add_administrator("ADMINISTRATOR")
    over = put_customer(api, "OVER", assignments=[assignment(holder, expires_at=utc_now() - DAY)])
    still = put_customer(api, "STILL", assignments=[assignment(holder, expires_at=utc_now() + DAY)])
    token = api.token(holder)
    assert not is_seen(seen(api, token, over, "OVER"), over)
    assert is_seen(seen(api, token, still, "STILL"), still)


def test_a_removed_customer_is_nowhere(api: ApiHarness) -> None:
    removed = put_customer(api, "GONE", subscription("SUB-1"), removed_at=utc_now() - DAY)
    token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    assert not is_seen(seen(api, token, removed, "GONE"), removed)


def test_entitlements_and_services_follow_their_customers(api: ApiHarness) -> None:
    holder = api.add_administrator("ADMINISTRATOR")
    mine, theirs, tried = subscription("SUB-1"), subscription("SUB-2"), trial("TRI-1")
    put_customer(api, "MINE", mine, assignments=[assignment(holder)])
    put_customer(api, "THEIRS", theirs, tried)
    ids = [mine["_id"], theirs["_id"], tried["_id"]]
    query = """query ($ids: [ID!]!) {
      nodes(ids: $ids) { __typename id ... on Entitlement { customer { externalId } } }
      viewer { partner { services { product customers } } } }"""
    data = api.execute_data(api.token(holder), query, ids=ids)
    found = {"__typename": "CustomerSubscription", "id": ids[0], "customer": {"externalId": "MINE"}}
    assert data["nodes"] == [found, None, None]
    assert data["viewer"]["partner"]["services"][0] == {"product": "MEETINGS", "customers": 1}
    full = api.execute_data(api.token(api.add_administrator("FULL_ADMINISTRATOR")), query, ids=ids)
    assert [node["__typename"] for node in full["nodes"]] == ["CustomerSubscription", "CustomerSubscription", "Trial"]
    assert full["viewer"]["partner"]["services"][0]["customers"] == 2
    stranger = api.execute_data(
        api.token(api.add_administrator("FULL_ADMINISTRATOR", api.other), api.other), query, ids=ids
    )
    assert stranger["nodes"] == [None, None, None]


def test_an_administrators_customers_are_those_that_the_viewer_sees(api: ApiHarness) -> None:
    one, two = api.add_administrator("ADMINISTRATOR"), api.add_administrator("ADMINISTRATOR")
    both = put_customer(api, "BOTH", assignments=[assignment(one), assignment(two)])
    put_customer(api, "ONLY-TWO", assignments=[assignment(two)])
    put_customer(api, "NOBODYS")
    query = (
        "query ($id: ID!) { node(id: $id) { ... on PartnerAdministrator { customers { totalCount nodes { id } } } } }"
    )
    assert api.execute_data(api.token(one), query, id=two)["node"]["customers"] == {
        "totalCount": 1,
        "nodes": [{"id": both}],
    }
    full = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    assert api.execute_data(full, query, id=two)["node"]["customers"]["totalCount"] == 2


def test_foreign_partners_and_administrators_are_null_like_nobody(api: ApiHarness) -> None:
    token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    foreigner = api.add_administrator("FULL_ADMINISTRATOR", api.other)
    theirs = api.token(foreigner, api.other)
    partner = api.execute_data(theirs, "{ viewer { partner { id } } }")["viewer"]["partner"]["id"]
    zeros = "0" * 24
    ids = [foreigner, partner, f"adm_{zeros}", f"cus_{zeros}", f"par_{zeros}", f"xyz_{zeros}", "cus_", "", "\0", "$ne"]
    ids += [f"cus_{zeros}\n", f"CUS_{zeros}", "cus_" + "g" * 24, "x" * 10_000]
    assert api.execute_data(token, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)["nodes"] == [
        None
    ] * len(ids)
    for id_ in ids:
        assert api.execute_data(token, "query ($id: ID!) { node(id: $id) { id } }", id=id_)["node"] is None
