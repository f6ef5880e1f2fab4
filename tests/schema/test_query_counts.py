"""What an operation costs the database: one query for a page, one for each relation, and none without its tenant."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from domain.types import PartnerRole
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.graphql.operations import Operations
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.partners import Partners
from tests.api_server import PARTNER, administrator_document
from tests.factory_documents import assignment, trial
from tests.store.factory_customers import add_customer, subscription
from tests.stored_documents import stored_administrator

# What explain does not take beside the query itself.
NOT_EXPLAINED = {"lsid", "readConcern", "maxTimeMS", "txnNumber"}
QUERIES = {"find", "aggregate", "count", "distinct", "getMore"}


class QueryRecorder(CommandListener):
    """Keeps each query, and whether it names its tenant."""

    def __init__(self) -> None:
        self.queries: list[Mapping[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in QUERIES:
            self.queries.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Only beginnings count."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Only beginnings count."""

    def take_collections(self) -> list[str]:
        """The collections asked since the last time; a query without partner_id fails the test."""
        taken, self.queries = self.queries, []
        for query in taken:
            where = query.get("filter") or query.get("query") or query["pipeline"][0]["$match"]
            assert where.get("partner_id") == PARTNER, query
        return sorted(str(next(iter(query.values()))) for query in taken)


class InProcessPartner:
    """A partner with customers, and a viewer who asks without a server in between."""

    def __init__(self, client: Client, recorder: QueryRecorder) -> None:
        self.client, self.recorder = client, recorder
        self.operations = Operations(build_schema())
        self.administrators: list[str] = []

    @property
    def scope(self) -> Scope:
        return Scope(self.client, PARTNER, utc_now())

    async def fill(self, customers: int) -> None:
        """Customers of every kind, each assigned to the same three administrators."""
        documents = [administrator_document(self.scope, PartnerRole.ADMINISTRATOR) for _ in range(3)]
        await Partners(self.scope).create("Acme", [])
        await self.scope.collection("administrators").insert_many(documents)
        self.administrators = [document["_id"] for document in documents]
        for number in range(customers):
            held = [subscription(f"S-{number}"), subscription(f"T-{number}"), trial(f"R-{number}")]
            assignments = [assignment(one, assigned_by=self.administrators[0]) for one in self.administrators]
            await add_customer(self.scope, f"ORG-{number:03}", *held, assignments=assignments)

    async def ask(self, text: str, role: PartnerRole = PartnerRole.FULL_ADMINISTRATOR, **variables: Any) -> Any:
        """The data of an operation, and the collections that it asked."""
        administrator = stored_administrator(self.administrators[0], role)
        scope = Scope(self.client, PARTNER, utc_now(), administrator_id=administrator.id, role=role)
        context = Context(scope, Viewer(administrator, PARTNER, utc_now()))
        self.recorder.queries.clear()
        answer = await self.operations.execute(self.operations.prepare(text, None, variables), variables, context)
        assert "errors" not in answer, answer
        return answer["data"]


@pytest.fixture
async def world(mongo_uri: str, prepared_database: str) -> AsyncIterator[InProcessPartner]:
    recorder = QueryRecorder()
    client = Client(mongo_uri, prepared_database, event_listeners=[recorder])
    yield InProcessPartner(client, recorder)
    await client.close()


RELATIONS = {
    "subscriptions { number licenses { product } }": ["entitlements"],
    "trials { number }": ["entitlements"],
    "licenses { product total }": ["entitlements"],
    "statusDetails { entitlements { id } }": ["entitlements"],
    "assignments { administrator { displayName } assignedBy { displayName } }": ["administrators"],
    "subscriptions { customer { name } }": ["customers", "entitlements"],
    "activity(first: 3) { nodes { summary subject { id } customer { name } } }": ["customers", "customers"],
}


async def test_a_page_costs_one_query_and_one_for_each_relation_selected(world: InProcessPartner) -> None:
    await world.fill(55)
    data = await world.ask("{ customers(first: 50) { nodes { id name statuses } pageInfo { hasNextPage } } }")
    assert len(data["customers"]["nodes"]) == 50
    assert world.recorder.take_collections() == ["customers"]
    for relation, collections in RELATIONS.items():
        for first in (1, 50):
            await world.ask(f"{{ customers(first: {first}) {{ nodes {{ id {relation} }} }} }}")
            assert world.recorder.take_collections() == sorted(["customers", *collections]), relation
    await world.ask(f"{{ customers(first: 50) {{ edges {{ cursor node {{ {' '.join(RELATIONS)} }} }} }} }}")
    asked = world.recorder.take_collections()
    assert asked.count("administrators") == 1
    assert len(asked) <= 1 + len(RELATIONS)


async def test_totals_and_facets_cost_nothing_unless_selected_and_then_no_page(world: InProcessPartner) -> None:
    await world.fill(3)
    data = await world.ask("{ customers { totalCount } }")
    assert (data["customers"], len(world.recorder.take_collections())) == ({"totalCount": 3}, 1)
    await world.ask("{ customers { ...Figures } } fragment Figures on CustomerConnection { __typename totalCount }")
    assert len(world.recorder.take_collections()) == 1
    await world.ask("{ customers { ...Page } } fragment Page on CustomerConnection { ... { nodes { id } } }")
    assert world.recorder.take_collections() == ["customers"]
    await world.ask("{ customers { facets { status { value count } managedBy { value count } } } }")
    assert set(world.recorder.take_collections()) == {"customers"}


async def test_two_hundred_nodes_cost_one_query_a_kind(world: InProcessPartner) -> None:
    await world.fill(4)
    found = await world.scope.collection("customers").find(world.scope.match())
    ids = [document["_id"] for document in found] * 40 + world.administrators
    data = await world.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert [node["id"] for node in data["nodes"]] == ids
    assert world.recorder.take_collections() == ["administrators", "customers"]


async def test_every_query_names_its_tenant_for_an_assigned_administrator_too(world: InProcessPartner) -> None:
    await world.fill(2)
    query = """{ viewer { partner { services { customers } } }
      customers { totalCount nodes {
        name subscriptions { number } assignments { administrator { customers { totalCount } } } } } }"""
    data = await world.ask(query, PartnerRole.ADMINISTRATOR)
    assert data["customers"]["totalCount"] == 2
    assert data["viewer"]["partner"]["services"][0] == {"customers": 2}
    world.recorder.take_collections()


async def test_an_administrator_behind_many_customers_is_asked_for_once(world: InProcessPartner) -> None:
    await world.fill(20)
    inner = "assignments { administrator { customers(first: 1) { totalCount nodes { id } } } }"
    await world.ask(f"{{ customers {{ nodes {{ {inner} }} }} }}")
    # The page, the three administrators, and for each of them a page and a total.
    assert world.recorder.take_collections() == ["administrators", *["customers"] * 7]


async def test_no_query_scans_a_collection(world: InProcessPartner) -> None:
    await world.fill(3)
    query = f"""{{ viewer {{ partner {{ name services {{ customers }} }} }}
      customers(filter: {{search: "org", status: [TRIAL]}}) {{ totalCount facets {{ status {{ count }} }}
        nodes {{ {" ".join(RELATIONS)} }} }}
      customerViews {{ name }} helpdeskRequests {{ totalCount nodes {{ id }} }}
      resources(search: "a", filter: {{kind: [GUIDE]}}) {{ totalCount nodes {{ title }} }}
      activity(filter: {{kind: [CUSTOMER_ADDED]}}) {{ nodes {{ summary actor {{ id }} subject {{ id }} }} }}
      customer(by: {{externalId: "ORG-001"}}) {{ id }} }}"""
    for role in (PartnerRole.FULL_ADMINISTRATOR, PartnerRole.ADMINISTRATOR):
        await world.ask(query, role)
        asked, world.recorder.queries = world.recorder.queries, []
        assert len(asked) > 8
        for command in asked:
            kept = {
                key: value for key, value in command.items() if key not in NOT_EXPLAINED and not key.startswith("$")
            }
            plan = await world.client.command({"explain": kept, "verbosity": "queryPlanner"})
            assert "COLLSCAN" not in str(plan), kept
