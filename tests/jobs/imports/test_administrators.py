"""Imports of administrators: people, roles, and the customers that they are assigned to."""

import asyncio

from domain.imports.records import ImportKind
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.partner_creation import create_partner
from tests.domain.imports.factory_records import administrator_record, customer_record
from tests.jobs.imports.factory_imports import Imported, documents, event_kinds, find_only, import_lines

FOUNDER = "root@partner.example"


async def with_customers(client: Client, count: int = 3) -> Scope:
    scope = Scope(client, "acme", utc_now())
    await create_partner(scope, "Acme Telecom", FOUNDER, [])
    await import_lines(scope, ImportKind.CUSTOMERS, *(customer_record(f"C-{n}") for n in range(1, count + 1)))
    return scope


async def deliver(scope: Scope, *lines: object) -> Imported:
    return await import_lines(scope, ImportKind.ADMINISTRATORS, *lines)


async def assigned(scope: Scope, email: str = "ada@partner.example") -> list[str]:
    id_ = (await find_only(scope, "administrators", email=email))["_id"]
    held = await documents(scope, "customers", keys=f"administrator:{id_}")
    return sorted(customer["external_id"] for customer in held)


async def test_an_administrator_is_added_with_customers(client: Client) -> None:
    scope = await with_customers(client)
    assert (await deliver(scope, administrator_record(assigned=["C-1", "C-2"]))).counts == (1, 0, 0, 0)
    added = await find_only(scope, "administrators", email="ada@partner.example")
    assert (added["state"], added["role"], added["name_folded"]) == ("ACTIVE", "ADMINISTRATOR", "ada")
    assert "assignments_pending" not in added
    assert await assigned(scope) == ["C-1", "C-2"]
    (held,) = (await find_only(scope, "customers", external_id="C-1"))["assignments"]
    assert (held["administrator_id"], held["imported"], held["assigned_by"]) == (added["_id"], True, None)
    assert (await event_kinds(scope))[-3:] == [
        "ADMINISTRATOR_INVITED",
        "ADMINISTRATOR_ASSIGNED",
        "ADMINISTRATOR_ASSIGNED",
    ]


async def test_importing_twice_writes_nothing(client: Client) -> None:
    scope = await with_customers(client)
    line = administrator_record(assigned=["C-2", "C-1"])
    await deliver(scope, line)
    names = ("administrators", "customers", "events", "partners")
    before = {name: await documents(scope, name) for name in names}
    assert (await deliver(scope, line, {**line, "assigned": ["C-1", "C-2"]})).counts == (0, 0, 2, 0)
    assert {name: await documents(scope, name) for name in names} == before


async def test_an_address_in_another_case_or_unicode_form_is_the_same_administrator(client: Client) -> None:
    scope = await with_customers(client)
    for email in ("zo\u00eb@partner.example", "zoe\u0308@partner.example", "ZOE\u0308@Partner.example"):
        await deliver(scope, administrator_record(email))
    assert await find_only(scope, "administrators", email_folded="zo\u00eb@partner.example")
    assert len(await documents(scope, "administrators")) == 2
    (composed,) = [one["email"] for one in await documents(scope, "administrators") if one["email"] != FOUNDER]
    assert composed == "ZO\u00cb@Partner.example"


async def assign_here(scope: Scope, external_id: str) -> None:
    id_ = (await find_only(scope, "administrators", email="ada@partner.example"))["_id"]
    held = {"administrator_id": id_, "assigned_at": scope.now, "assigned_by": None, "expires_at": None}

    async def body(batch: CustomerBatch) -> None:
        (work,) = batch.changes
        work.update_customer({"assignments": [*work.customer["assignments"], {**held, "imported": False}]})

    await change_customers(scope, {"external_id": external_id}, body)


async def test_a_delivered_list_replaces_imported_assignments_and_keeps_those_made_here(client: Client) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record(assigned=["C-1"]))
    await assign_here(scope, "C-3")
    assert (await deliver(scope, administrator_record(assigned=["C-2"]))).counts == (0, 1, 0, 0)
    assert await assigned(scope) == ["C-2", "C-3"]
    assert (await documents(scope, "events"))[-1]["kind"] in ("ADMINISTRATOR_ASSIGNED", "ADMINISTRATOR_UNASSIGNED")
    assert (await deliver(scope, administrator_record(assigned=None))).counts == (0, 1, 0, 0)
    assert await assigned(scope) == ["C-3"]


async def test_an_absent_list_keeps_the_assignments(client: Client) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record(assigned=["C-1"]))
    assert (await deliver(scope, administrator_record(displayName="Ada L."))).counts == (0, 1, 0, 0)
    assert await assigned(scope) == ["C-1"]


async def test_another_role_and_removal_drop_every_assignment(client: Client) -> None:
    scope = await with_customers(client)
    for changes in ({"role": "HELPDESK_ADMINISTRATOR"}, {"state": "DEACTIVATED"}):
        await deliver(scope, administrator_record(assigned=["C-1"], state="ACTIVE"))
        await assign_here(scope, "C-3")
        assert await assigned(scope) == ["C-1", "C-3"]
        assert (await deliver(scope, administrator_record(**changes))).counts == (0, 1, 0, 0)
        assert await assigned(scope) == []
    assert "ADMINISTRATOR_REMOVED" in await event_kinds(scope)


async def test_unknown_customers_are_refused(client: Client) -> None:
    scope = await with_customers(client)
    imported = await deliver(scope, administrator_record(assigned=["C-1", "C-9"]))
    assert imported.reasons == [(1, "ada@partner.example", "assigned", "there is no customer 'C-9'")]
    assert len(await documents(scope, "administrators")) == 1


async def test_addresses_are_one_whatever_their_case(client: Client) -> None:
    scope = await with_customers(client)
    lines = [administrator_record(assigned=["C-1"]), administrator_record("ADA@Partner.example", assigned=["C-2"])]
    assert (await deliver(scope, *lines)).counts == (1, 1, 0, 0)
    assert await assigned(scope, "ADA@Partner.example") == ["C-2"]


async def test_the_last_full_administrator_stays(client: Client) -> None:
    scope = await with_customers(client)
    demoted = administrator_record(FOUNDER, role="READ_ONLY_ADMINISTRATOR")
    assert (await deliver(scope, demoted)).reasons == [
        (1, FOUNDER, "role", "would leave the partner without an active FULL_ADMINISTRATOR")
    ]
    removed = administrator_record(FOUNDER, role="FULL_ADMINISTRATOR", state="DEACTIVATED")
    assert (await deliver(scope, removed)).reasons[0][2] == "state"
    invited = administrator_record(role="FULL_ADMINISTRATOR", state="INVITED")
    assert (await deliver(scope, invited, demoted)).counts == (1, 0, 0, 1)
    assert (await deliver(scope, {**invited, "state": "ACTIVE"}, demoted)).counts == (0, 2, 0, 0)


async def test_two_full_administrators_cannot_leave_at_once(client: Client) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record(role="FULL_ADMINISTRATOR"))
    leaving = [
        administrator_record(email, role="READ_ONLY_ADMINISTRATOR") for email in (FOUNDER, "ada@partner.example")
    ]
    both = await asyncio.gather(*(deliver(scope, line) for line in leaving))
    assert sorted(imported.summary.refused for imported in both) == [0, 1]
    assert len(await documents(scope, "administrators", role="FULL_ADMINISTRATOR")) == 1


async def test_more_customers_than_a_slice(client: Client) -> None:
    scope = await with_customers(client, 230)
    everyone = [f"C-{n}" for n in range(1, 231)]
    lines = [
        administrator_record(assigned=everyone),
        administrator_record("bob@partner.example", assigned=everyone[:150]),
    ]
    assert (await deliver(scope, *lines)).counts == (2, 0, 0, 0)
    assert len(await assigned(scope)) == 230
    assert len(await assigned(scope, "bob@partner.example")) == 150


async def test_assignments_that_were_cut_short_are_completed_by_the_same_line(client: Client) -> None:
    scope = await with_customers(client)
    await deliver(scope, administrator_record(assigned=["C-1"]))
    where = {**scope.match(), "email": "ada@partner.example"}
    pending = {"id": "apd_1", "customers": ["C-2"]}
    cut_short = {"$set": {"delivered.assigned": ["C-1", "C-2"], "assignments_pending": pending}}
    await scope.collection("administrators").update_one(where, cut_short)
    assert (await deliver(scope, administrator_record(assigned=["C-1", "C-2"]))).counts == (0, 1, 0, 0)
    assert await assigned(scope) == ["C-1", "C-2"]
