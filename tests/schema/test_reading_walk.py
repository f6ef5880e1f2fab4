"""Every place of the queries and feeds that takes an id × every role: what is foreign answers as what is nowhere."""

import pytest

from tests.api_server import ApiHarness
from tests.schema.factory_mutations import ROLES
from tests.schema.factory_paths import SCHEMA, id_places
from tests.schema.factory_walk import PartnerPair, TargetIds
from tests.websocket_client import connect_websocket

CUSTOMERS = "customers(filter: {%s: [$id]}) { totalCount nodes { id } facets { status { count } } }"
FORECAST = "renewalForecast(filter: {%s: [$id]}, months: 1) { renewing expiring licenses value { amount } }"
RIGHT_SIZING = "rightSizing(product: CALLING, filter: {%s: [$id]}) { totalCount nodes { total } }"
KPIS = "kpis(filter: {%s: [$id]}) { totalCustomers { count } nearingExpiration { count } overLicenseLimit { count } }"
ANALYTICS = "licenseAnalytics(product: MEETINGS, filter: {%s: [$id]}) { recentlyAdded { newCustomers totalLicenses } }"
ACTIVITY = "activity(filter: {%s: [$id]}) { nodes { id summary } pageInfo { hasNextPage endCursor } }"
# By place: what is asked there. A new place of the schema that is not here fails the first test.
QUERIES = {
    "node.id": "node(id: $id) { __typename id }",
    "nodes.ids": "nodes(ids: [$id]) { __typename id }",
    "customer.by.id": "customer(by: {id: $id}) { id name }",
    "customer.by.externalId": "customer(by: {externalId: $id}) { id name }",
    "customers.filter.tag": CUSTOMERS % "tag",
    "customers.filter.administrator": CUSTOMERS % "administrator",
    "kpis.filter.tag": KPIS % "tag",
    "kpis.filter.administrator": KPIS % "administrator",
    "licenseAnalytics.filter.tag": ANALYTICS % "tag",
    "licenseAnalytics.filter.administrator": ANALYTICS % "administrator",
    "renewalForecast.filter.tag": FORECAST % "tag",
    "renewalForecast.filter.administrator": FORECAST % "administrator",
    "rightSizing.filter.tag": RIGHT_SIZING % "tag",
    "rightSizing.filter.administrator": RIGHT_SIZING % "administrator",
    "activity.filter.actor": ACTIVITY % "actor",
    "activity.filter.customer": ACTIVITY % "customer",
    "alerts.rule": "alerts(rule: [$id]) { totalCount nodes { id } }",
}
# The filters of feeds are those of the lists (tests/server); this one takes an id of its own.
FEEDS = {"bulkJob.id"}


def test_the_table_names_every_place_that_takes_an_id() -> None:
    assert id_places(SCHEMA.query_type) == set(QUERIES)
    filters = {place for place in id_places(SCHEMA.subscription_type) if ".filter." in place}
    assert id_places(SCHEMA.subscription_type) - filters == FEEDS


@pytest.mark.parametrize("role", ROLES)
def test_what_is_foreign_answers_as_what_is_nowhere(api: ApiHarness, role: str) -> None:
    world = PartnerPair(api, role)
    foreign_ids, missing_ids = world.ids("foreign"), world.ids("nowhere")
    for place, selection in QUERIES.items():
        query = f"query($id: ID!) {{ {selection} }}"
        for kind in TargetIds.KINDS:
            foreign = api.execute(world.token, query, id=foreign_ids.of_kind(kind))
            assert foreign == api.execute(world.token, query, id=missing_ids.of_kind(kind)), (place, kind)
            assert foreign_ids.of_kind(kind) not in str(foreign)


@pytest.mark.parametrize("role", ROLES)
def test_the_feed_of_a_foreign_job_fails_like_one_that_is_nowhere(api: ApiHarness, role: str) -> None:
    world = PartnerPair(api, role)
    own, foreign, nowhere = (world.ids(target).job for target in ("own", "foreign", "nowhere"))
    query = "subscription($id: ID!) { bulkJob(id: $id) { state } }"
    with connect_websocket(api.url, world.token) as widget:
        for identity in (foreign, nowhere, world.ids("foreign").customer):
            payload = {"query": query, "variables": {"id": identity}}
            widget.send({"id": identity, "type": "subscribe", "payload": payload})
            expected = {"message": "No bulk job with this id exists.", "extensions": {"code": "BAD_USER_INPUT"}}
            assert widget.receive() == {"id": identity, "type": "error", "payload": [expected]}
        widget.send({"id": "1", "type": "subscribe", "payload": {"query": query, "variables": {"id": own}}})
        assert widget.next() == {"bulkJob": {"state": "DONE"}}
