"""What the fields declare to the compiled executor: projections are complete, and no field reads row by row."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from inspect import iscoroutinefunction
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from domain.imports.records import ImportKind
from domain.types import PartnerRole
from execution.metadata import FieldExecution, field_execution
from resolvers.context import Context, Viewer
from schema.build import build_schema
from schema.stored_values import shown_documents
from server.graphql.operations import Operations
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import AdministratorDocument
from store.tenants.partners import Partners
from tests.api_server import PARTNER, administrator_document
from tests.domain.imports.factory_records import invoice_record, order_record
from tests.factory_documents import assignment, trial
from tests.jobs.imports.factory_imports import import_lines
from tests.schema.factory_paths import SCHEMA, selection_of
from tests.store.factory_alerts import add_alert, add_alert_rule
from tests.store.factory_customers import add_customer, subscription

# Fields below a list that read for each object, and why.
_OWN_PLAN = "each list of customers has a plan and a cursor of its own; equal ones are read once"
_COUNT = "a connection knows how its own list is counted; those of one relation are counted together (DataLoader)"
_ONE_REPORT = "the reports are not below a list of more than one object"
NOT_BATCHED: Mapping[str, str] = {
    "Tag.customers": _OWN_PLAN,
    "PartnerAdministrator.customers": _OWN_PLAN,
    "CustomerView.customers": _OWN_PLAN,
    "CustomerConnection.totalCount": _OWN_PLAN,
    "CustomerConnection.facets": _OWN_PLAN,
    "CustomerFacets.tag": _OWN_PLAN,
    "CustomerFacets.administrator": _OWN_PLAN,
    "ActivityConnection.totalCount": _COUNT,
    "OrderConnection.totalCount": _COUNT,
    "InvoiceConnection.totalCount": _COUNT,
    "WebhookDeliveryConnection.totalCount": _COUNT,
}
DIGITS = "0" * 24
# A feed that has no events in memory.
FEED = SimpleNamespace(covers=lambda _partner, _position: False, cursor=lambda _partner, position: str(position))
DOCUMENT_TYPES = {
    graphql_type.name: document_class
    for graphql_type in SCHEMA.type_map.values()
    if isinstance(graphql_type, GraphQLObjectType)
    and (document_class := shown_documents(graphql_type)) is not None
    and "id" in graphql_type.fields
}


def _is_list(value_type: Any) -> bool:
    return is_list_type(value_type.of_type if is_non_null_type(value_type) else value_type)


def _below_lists() -> set[str]:
    """Return the object types that a query reaches below a list."""
    below: set[tuple[str, bool]] = set()
    waiting = [("Query", False)]
    while waiting:
        type_name, is_below = waiting.pop()
        if (type_name, is_below) in below:
            continue
        below.add((type_name, is_below))
        for field in SCHEMA.type_map[type_name].fields.values():  # type: ignore[attr-defined]
            returned: Any = get_named_type(field.type)
            if is_composite_type(returned):
                kinds = [returned] if isinstance(returned, GraphQLObjectType) else SCHEMA.get_possible_types(returned)
                # `node` alone is one object, but everything is below `nodes`, too.
                waiting += [(kind.name, is_below or _is_list(field.type)) for kind in kinds]
    return {name for name, is_below in below if is_below}


def _declarations(type_names: set[str]) -> Iterator[tuple[str, FieldExecution]]:
    for type_name in sorted(type_names):
        for name, field in SCHEMA.type_map[type_name].fields.items():  # type: ignore[attr-defined]
            yield f"{type_name}.{name}", field_execution(field)


def test_every_field_below_a_list_that_needs_the_store_is_batched() -> None:
    unbatched = {label for label, declared in _declarations(_below_lists()) if iscoroutinefunction(declared.each)}
    single = {"PartnerOrganization", "OrganizationSetup", "Viewer"}
    assert {label for label in unbatched if label.split(".")[0] not in single} == set(NOT_BATCHED)


def test_every_field_of_a_document_says_which_stored_keys_it_needs() -> None:
    types = set(DOCUMENT_TYPES) - {"PartnerOrganization"}
    assert types >= {"Customer", "CustomerSubscription", "Trial", "Tag", "Order", "Invoice", "ActivityEvent"}
    unknown = [label for label, it in _declarations(types) if it.stored is None and it.reads is None]
    assert unknown == []


class World:
    """A partner with an object of each type, and both executors."""

    def __init__(self, client: Client) -> None:
        self.scope = Scope(client, PARTNER, utc_now())
        schema = build_schema()
        self.executors = Operations(schema), Operations(schema, is_compiled=False)
        self.ids: list[str] = []

    async def insert(self, collection: str, *documents: dict[str, Any]) -> list[str]:
        stamps = {"partner_id": PARTNER, "version": 1, "created_at": self.scope.now, "updated_at": self.scope.now}
        await self.scope.collection(collection).insert_many([{**stamps, **document} for document in documents])
        self.ids += [document["_id"] for document in documents]
        return [document["_id"] for document in documents]

    async def fill(self) -> None:
        await Partners(self.scope).create("Acme", [])
        administrators = [
            administrator_document(self.scope, role)
            for role in (PartnerRole.FULL_ADMINISTRATOR, PartnerRole.ADMINISTRATOR)
        ]
        self.viewer = AdministratorDocument(administrators[0])
        first, second = await self.insert("administrators", *administrators)
        names = {"name": "Blue", "name_key": "blue", "name_folded": "blue"}
        await self.insert(
            "tags", {"_id": f"tag_{DIGITS}", **names, "color": "BLUE", "description": "Sky", "created_by": first}
        )
        view = {"filter": {"tag": [f"tag_{DIGITS}"]}, "shared": True, "owner_id": first}
        await self.insert("customer_views", {"_id": f"viw_{DIGITS}", **names, **view})
        held = subscription("S-1"), subscription("S-2", suspended=True, suspended_at=self.scope.now)
        extensions = [{"at": self.scope.now, "by": first, "days": 5}]
        trials = [trial("T-1", started_by=first, converted_to=held[0]["_id"], extensions=extensions)]
        assigned = [assignment(second, assigned_by=first)]
        customer = await add_customer(
            self.scope,
            "C-1",
            *held,
            *trials,
            assignments=assigned,
            tag_ids=[f"tag_{DIGITS}"],
            country="DE",
            domain="a.example",
        )
        self.ids += [customer, *(document["_id"] for document in (*held, *trials))]
        await self._fill_lists(customer, first)

    async def _fill_lists(self, customer: str, author: str) -> None:
        await import_lines(self.scope, ImportKind.ORDERS, order_record("O-1", subscription="S-1"))
        await import_lines(self.scope, ImportKind.INVOICES, invoice_record("I-1", subscription="S-1"))
        text = {"title": "A", "title_folded": "a", "summary": "B", "url": "https://r.example/1", "kind": "GUIDE"}
        flags = {"quick_link": True, "featured": False, "products": ["CALLING"], "updated_on": datetime(2026, 3, 1)}
        await self.insert("resources", {"_id": f"res_{DIGITS}", **text, **flags, "words": []})
        request = {"topic": "OTHER", "subject": "S", "message": "M", "state": "CLOSED", "closed_at": self.scope.now}
        people = {"customer_id": customer, "author_id": author, "closed_by_id": author}
        await self.insert("helpdesk_requests", {"_id": f"hlp_{DIGITS}", **request, **people})
        await self._fill_webhooks(author)
        rule = await add_alert_rule(self.scope, author, filter={"country": ["DE"]})
        stored_reason = {"code": "SUSPENDED", "type": "SUBSCRIPTION", "number": "S-2", "others": 0}
        changed = {"state": "SNOOZED", "snoozed_until": self.scope.now, "changed_by_id": author}
        alert = await add_alert(self.scope, author, rule, customer, reason=stored_reason, **changed)
        self.ids += [rule, alert]
        for collection in ("orders", "invoices", "events"):
            documents = await self.scope.collection(collection).find(self.scope.match(), {"_id": 1})
            self.ids += [document["_id"] for document in documents]

    async def _fill_webhooks(self, creator: str) -> None:
        chosen = {"kinds": ["TAG_CREATED"], "statuses": ["TRIAL"], "filter": {"country": ["DE"]}, "state": "PAUSED"}
        position = {"position": {"time": 1, "token": ""}, "creator_id": creator}
        await self.insert(
            "webhooks", {"_id": f"whk_{DIGITS}", "name": "A", "url": "https://a.example", **chosen, **position}
        )
        attempt = {"state": "RETRYING", "attempts": 1, "attempted_at": self.scope.now, "milliseconds": 5}
        answer = {"response_status": 503, "error": "No", "next_attempt_at": self.scope.now}
        ids = {"_id": f"dlv_{DIGITS}", "webhook_id": f"whk_{DIGITS}", "event_id": f"evt_{DIGITS}"}
        await self.insert("webhook_deliveries", {**ids, **attempt, **answer})

    async def answers(self, text: str, **variables: Any) -> list[Any]:
        """Return the answers of the compiled executor and of graphql-core's."""
        role = self.viewer.role
        scope = Scope(self.scope.client, PARTNER, self.scope.now, administrator_id=self.viewer.id, role=role)
        return [
            await executor.execute(
                executor.prepare(text, None, variables),
                variables,
                Context(scope, Viewer(self.viewer, PARTNER, scope.now), FEED),
            )
            for executor in self.executors
        ]


@pytest.fixture
async def world(mongo_uri: str, prepared_database: str) -> AsyncIterator[World]:
    client = Client(mongo_uri, prepared_database)
    made = World(client)
    await made.fill()
    yield made
    await client.close()


def _selections(type_name: str) -> Iterator[str]:
    """Yield each field of a type, alone."""
    fields: Any = SCHEMA.type_map[type_name].fields  # type: ignore[attr-defined]
    for name, field in fields.items():
        arguments = {"licenseTrend": "(product: CALLING)", "subscriptions": "(includeEnded: true)"}.get(name, "")
        yield f"{name}{arguments} {selection_of(field)}"


async def test_each_field_is_the_same_from_a_projection_and_from_the_whole_document(world: World) -> None:
    (typed, _) = await world.answers("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=world.ids)
    ids_by_type: dict[str, list[str]] = {}
    for node in typed["data"]["nodes"]:
        ids_by_type.setdefault(node["__typename"], []).append(node["id"])
    assert set(ids_by_type) == set(DOCUMENT_TYPES) - {"PartnerOrganization"}
    for type_name, ids in ids_by_type.items():
        for selection in _selections(type_name):
            text = f"nodes(ids: $ids) {{ ... on {type_name} {{ shown: __typename {selection} }} }}"
            compiled, stock = await world.answers(f"query($ids: [ID!]!) {{ {text} }}", ids=ids)
            assert compiled == stock, text
            assert "errors" not in compiled, compiled
            assert {node["shown"] for node in compiled["data"]["nodes"]} == {type_name}


# How lists reach the documents that a list of customers shows.
_SUBSCRIPTIONS = "customers(first: 5) { nodes { subscriptions { %s } } }"
LIST_PATHS = [
    ("Customer", "customers(first: 5) { nodes { %s } }"),
    ("Customer", "customers(first: 5, orderBy: {field: NEXT_EXPIRY_AT}) { edges { cursor node { %s } } }"),
    ("Customer", "activity(first: 5) { nodes { customer { %s } } }"),
    ("Tag", "customers(first: 5) { nodes { tags { %s } } }"),
    ("PartnerAdministrator", "customers(first: 5) { nodes { assignments { administrator { %s } } } }"),
    ("CustomerSubscription", _SUBSCRIPTIONS),
    ("Trial", "customers(first: 5) { nodes { trials(includeEnded: true) { %s } } }"),
    ("Order", _SUBSCRIPTIONS.replace("%s", "orders { edges { cursor node { %s } } }")),
    ("Invoice", _SUBSCRIPTIONS.replace("%s", "invoices(last: 2) { nodes { %s } }")),
    ("Invoice", _SUBSCRIPTIONS.replace("%s", "invoice { %s }")),
]


async def test_each_field_of_a_list_is_the_same_from_a_projection_and_from_whole_documents(world: World) -> None:
    for type_name, path in LIST_PATHS:
        for selection in _selections(type_name):
            text = f"{{ {path.replace('%s', 'shown: __typename ' + selection)} }}"
            compiled, stock = await world.answers(text)
            assert compiled == stock, text
            assert "errors" not in compiled and f"'shown': '{type_name}'" in str(compiled), compiled
