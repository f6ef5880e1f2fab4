"""Delivered assignments: no removal, expiry or interruption leaves one too many or one too few."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from pymongo import MongoClient

from domain.customers.filter import parse_filter
from domain.imports.records import ImportKind
from domain.paging import PageRequest
from domain.types import PartnerRole
from jobs.cleanup_assignments import cleanup_assignments
from jobs.clock import expire_assignments
from schema.build import build_schema
from server.graphql.operations import Operations
from store.access.assignment_cleanup import match_assigned_customers, request_assignment_cleanup
from store.changes.customer_batch import CustomerBatch, change_customers
from store.customers.customers import CustomerOrder, Customers
from store.customers.orders import KEYS_INDEX
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.tenants.administrators import Administrators
from tests.domain.imports.factory_records import administrator_record, customer_record
from tests.jobs.imports.factory_imports import Imported, documents, event_kinds, find_only, import_lines
from tests.reference.api_client import ApiClient
from tests.store.factory_customers import partner_scope

PAST = "2026-01-01T00:00:00Z"


async def with_customers(client: Client, count: int = 2) -> Scope:
    scope = await partner_scope(client)
    await import_lines(scope, ImportKind.CUSTOMERS, *(customer_record(f"C-{n}") for n in range(1, count + 1)))
    return scope


async def deliver(scope: Scope, *lines: object) -> Imported:
    return await import_lines(scope, ImportKind.ADMINISTRATORS, *lines)


async def seen(scope: Scope) -> list[str]:
    """The customers in Ada's sight."""
    ada = await find_only(scope, "administrators", email="ada@partner.example")
    viewer = replace(scope, now=utc_now(), administrator_id=ada["_id"], role=PartnerRole.ADMINISTRATOR)
    page = await Customers(viewer).page(parse_filter({}), CustomerOrder(), PageRequest())
    return [customer.external_id for customer in page.rows]


async def assign_here(scope: Scope, expires_at: datetime | None) -> None:
    ada = await find_only(scope, "administrators", email="ada@partner.example")
    given = {"assigned_at": scope.now, "assigned_by": None, "expires_at": expires_at}

    async def body(batch: CustomerBatch) -> None:
        held = {"administrator_id": ada["_id"], **given, "imported": False}
        batch.changes[0].update_customer({"assignments": [held]})

    await change_customers(scope, {"external_id": "C-1"}, body)


async def holds(scope: Scope) -> list[Document]:
    held: list[Document] = (await find_only(scope, "customers", external_id="C-1"))["assignments"]
    return held


@pytest.mark.parametrize(
    "change", [{"assigned": ["C-2"]}, {"role": "READ_ONLY_ADMINISTRATOR"}, {"state": "DEACTIVATED"}]
)
async def test_what_a_removed_customer_was_assigned_does_not_come_back_with_it(
    client: Client, change: dict[str, Any]
) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record(assigned=["C-1"]))
    await import_lines(scope, ImportKind.CUSTOMERS, customer_record(removedAt=PAST))
    await deliver(scope, administrator_record(**change))
    await import_lines(scope, ImportKind.CUSTOMERS, customer_record(removedAt=None))
    assert await holds(scope) == []
    assert await seen(scope) == change.get("assigned", [])


async def test_what_is_assigned_while_a_customer_is_removed_holds_when_it_comes_back(client: Client) -> None:
    scope = await with_customers(client)
    await import_lines(scope, ImportKind.CUSTOMERS, customer_record(removedAt=PAST))
    await deliver(scope, administrator_record(assigned=["C-1"]))
    assert await seen(scope) == []
    await import_lines(scope, ImportKind.CUSTOMERS, customer_record(removedAt=None))
    assert await seen(scope) == ["C-1"]


async def test_whom_somebody_is_assigned_to_is_read_from_an_index(client: Client, mongo_uri: str) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record(assigned=["C-1"]))
    with MongoClient[dict[str, Any]](mongo_uri) as other:
        plan = other[client.database_name]["customers"].find(match_assigned_customers(scope, "adm_1")).explain()
    assert "COLLSCAN" not in str(plan) and KEYS_INDEX in str(plan)


async def test_a_delivered_assignment_outlasts_an_expiring_one_made_here(client: Client) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record())
    end = utc_now() + timedelta(seconds=1)
    await assign_here(scope, end)
    line = administrator_record(assigned=["C-1"])
    assert (await deliver(scope, line)).counts == (0, 1, 0, 0)
    (held,) = await holds(scope)
    assert (held["expires_at"], held["imported"], held["manual"]["expires_at"]) == (None, True, end)
    while utc_now() <= end:
        await asyncio.sleep(0.01)
    await expire_assignments(client)
    assert await seen(scope) == ["C-1"]
    assert (await deliver(scope, line)).counts == (0, 0, 1, 0)
    await deliver(scope, administrator_record(assigned=[]))
    assert await seen(scope) == []


async def test_one_made_here_stands_when_the_delivered_one_is_withdrawn(client: Client) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record())
    end = utc_now().replace(microsecond=0) + timedelta(days=1)
    await assign_here(scope, end)
    before = await holds(scope)
    await deliver(scope, administrator_record(assigned=["C-1"]))
    await deliver(scope, administrator_record(assigned=[]))
    assert await holds(scope) == before
    assert (await find_only(scope, "customers", external_id="C-1"))["next_unassignment_at"] == end
    told = [event["changes"] for event in await documents(scope, "events", kind="ADMINISTRATOR_ASSIGNED")]
    assert told == [{"expires_at": [end, None]}, {"expires_at": [None, end]}]


async def test_a_delivery_beside_one_made_here_for_good_changes_nothing_that_is_seen(client: Client) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record())
    await assign_here(scope, None)
    before, told = await find_only(scope, "customers", external_id="C-1"), await event_kinds(scope)
    await deliver(scope, administrator_record(assigned=["C-1"]))
    both = await find_only(scope, "customers", external_id="C-1")
    assert both["assignments"] != before["assignments"]
    assert {**both, "assignments": []} == {**before, "assignments": []}
    await deliver(scope, administrator_record(assigned=[]))
    assert await find_only(scope, "customers", external_id="C-1") == before
    assert await seen(scope) == ["C-1"]
    assert await event_kinds(scope) == told


async def test_an_interrupted_cleanup_is_finished_before_the_access_comes_back(client: Client) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record(assigned=["C-1", "C-2"]))
    ada = await find_only(scope, "administrators", email="ada@partner.example")
    cut_short = {"$set": {"role": "READ_ONLY_ADMINISTRATOR", "delivered.role": "READ_ONLY_ADMINISTRATOR"}}
    await scope.collection("administrators").update_one({**scope.match(), "_id": ada["_id"]}, cut_short)
    await in_transaction(client, lambda session: request_assignment_cleanup(scope, ada, session))
    await deliver(scope, administrator_record(assigned=["C-2"]))
    assert await documents(scope, "assignment_cleanups") == []
    assert await seen(scope) == []


async def test_events_have_the_moment_of_their_own_transaction(client: Client) -> None:
    scope = replace(await with_customers(client), now=utc_now() - timedelta(hours=1))
    began = utc_now()
    await deliver(scope, administrator_record(state="INVITED"), administrator_record(displayName="Ada L."))
    ada = await find_only(scope, "administrators", email="ada@partner.example")
    for kind in ("ADMINISTRATOR_INVITED", "ADMINISTRATOR_CHANGED"):
        assert (await find_only(scope, "events", kind=kind))["at"] >= began
    assert min(ada["created_at"], ada["updated_at"]) >= began


async def test_a_first_sign_in_has_the_moment_of_its_own_transaction(client: Client) -> None:
    scope = replace(await with_customers(client), now=utc_now() - timedelta(hours=1))
    await deliver(scope, administrator_record(state="INVITED"))
    ada, began = await find_only(scope, "administrators", email="ada@partner.example"), utc_now()
    await Administrators(scope).activate(ada["_id"], utc_now())
    assert (await find_only(scope, "events", kind="ADMINISTRATOR_CHANGED"))["at"] >= began
    assert (await find_only(scope, "administrators", _id=ada["_id"]))["updated_at"] >= began


async def test_what_is_only_delivered_differently_changes_no_version(client: Client) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record())
    before = await find_only(scope, "administrators", email="ada@partner.example")
    assert (await deliver(scope, administrator_record(state="ACTIVE"))).counts == (0, 0, 1, 0)
    after = await find_only(scope, "administrators", email="ada@partner.example")
    assert (after["version"], after["updated_at"]) == (before["version"], before["updated_at"])
    assert after["delivered"]["state"] == "ACTIVE"


@pytest.mark.parametrize(
    "mutation",
    ["changeAdministrator(input: {id: $id, role: READ_ONLY_ADMINISTRATOR})", "removeAdministrator(input: {id: $id})"],
)
async def test_access_that_is_taken_away_during_an_import_stays_away(
    client: Client, mongo_uri: str, mutation: str
) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record("full@partner.example", role="FULL_ADMINISTRATOR"))
    accepted = {"$set": {"terms_accepted_at": scope.now, "steps.ACCEPT_TERMS": scope.now}}
    await scope.collection("partners").update_one(scope.match(), accepted)
    line = administrator_record(assigned=["C-1", "C-2"])
    api = ApiClient(client, Operations(build_schema(), 60.0))
    with MongoClient[dict[str, Any]](mongo_uri) as other, other.start_session() as session:
        session.start_transaction()
        customers = other[client.database_name]["customers"]
        customers.update_one({"external_id": "C-2"}, {"$set": {"held": True}}, session=session)
        importing = asyncio.create_task(deliver(scope, line))
        async with asyncio.timeout(30):
            while not await holds(scope):
                await asyncio.sleep(0.01)
        ada = await find_only(scope, "administrators", email="ada@partner.example")
        text = f"mutation($id: ID!) {{ {mutation} {{ userErrors {{ message }} }} }}"
        data = await api.execute_data(await api.viewer(scope, "full@partner.example"), utc_now(), text, id=ada["_id"])
        assert [payload["userErrors"] for payload in data.values()] == [[]]
        session.abort_transaction()
        await importing
    while await cleanup_assignments(client):
        pass
    changed = await find_only(scope, "administrators", email="ada@partner.example")
    assert (changed["role"], changed["state"]) != (ada["role"], ada["state"])
    for _ in range(2):
        assert [customer["assignments"] for customer in await documents(scope, "customers")] == [[], []]
        assert (await deliver(scope, line)).counts == (0, 0, 1, 0)
    assert await find_only(scope, "administrators", email="ada@partner.example") == changed


async def test_those_who_are_in_are_told_as_added_however_long_a_customer_is_held(
    client: Client, mongo_uri: str
) -> None:
    scope = await with_customers(client)
    lines = [administrator_record(f"{name}@partner.example", assigned=["C-1", "C-2"]) for name in ("ada", "bob")]
    with MongoClient[dict[str, Any]](mongo_uri) as other, other.start_session() as session:
        session.start_transaction()
        customers = other[client.database_name]["customers"]
        customers.update_one({"external_id": "C-2"}, {"$set": {"held": True}}, session=session)
        importing = asyncio.create_task(deliver(scope, *lines))
        async with asyncio.timeout(30):
            while len(await holds(scope)) < 2:
                await asyncio.sleep(0.01)
        session.abort_transaction()
        assert (await importing).counts == (2, 0, 0, 0)
    assert await seen(scope) == ["C-1", "C-2"]
