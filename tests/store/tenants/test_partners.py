"""Partners: created whole with their first administrator, once, and with the thresholds of each epoch."""

import asyncio
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from domain.customers.statuses import Thresholds
from domain.failures import OperatorError
from domain.types import ActivityKind, AdministratorState, PartnerRole
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import Administrators
from store.tenants.partner_creation import create_partner
from store.tenants.partners import PartnerDocument, Partners, SettingsEpoch
from tests.stored_documents import stored_partner

PLAN = [{"product": "MEETINGS", "licenses": 500}]
START = datetime(2026, 3, 1)


def partner(*thresholds: tuple[int, Thresholds]) -> PartnerDocument:
    history = [SettingsEpoch(epoch, START + timedelta(days=epoch), each) for epoch, each in thresholds]
    return stored_partner(*history)


async def test_a_partner_is_created_with_its_first_administrator(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    assert await Partners(scope).get() is None
    await create_partner(scope, "Acme Telecom", " Zoe\u0308@acme.example ", PLAN)
    created = await Partners(scope).get()
    assert created is not None and (created.name, created.plan, created.epoch) == ("Acme Telecom", PLAN, 1)
    assert (created.thresholds, created.terms_version) == (Thresholds(7, 60), None)
    first = await Administrators(scope).by_email("ZO\u00cb@acme.example")
    assert first is not None and first.email == "Zo\u00eb@acme.example"
    assert (first.role, first.state) == (PartnerRole.FULL_ADMINISTRATOR, AdministratorState.ACTIVE)
    assert (first.display_name, first.invited_at) == ("Zo\u00eb", scope.now)
    (event,) = await client.collection("events").find(scope.match())
    assert (event["kind"], event["subject_id"]) == (ActivityKind.ADMINISTRATOR_INVITED, first.id)
    assert await Partners(replace(scope, partner_id="other")).get() is None


async def test_a_partner_is_created_once(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    creations = (create_partner(scope, f"Acme {number}", f"{number}@acme.example", []) for number in range(3))
    results = await asyncio.gather(*creations, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "OperatorError", "OperatorError"]
    with pytest.raises(OperatorError, match="There is a partner acme already"):
        await create_partner(scope, "Acme", "late@acme.example", [])
    assert await client.collection("administrators").count(scope.match()) == 1
    assert await client.collection("events").count(scope.match()) == 1


def test_the_thresholds_of_an_epoch_are_those_in_force_then() -> None:
    first, third, fourth = Thresholds(7, 60), Thresholds(14, 60), Thresholds(14, 90)
    changed = partner((1, first), (3, third), (4, fourth))
    assert (changed.epoch, changed.thresholds) == (4, fourth)
    assert [changed.thresholds_at(epoch) for epoch in (1, 2, 3, 4, 9)] == [first, first, third, fourth, fourth]


def test_where_the_history_no_longer_has_an_epoch_the_current_thresholds_hold() -> None:
    current = Thresholds(30, 30)
    assert partner((5, Thresholds(7, 60)), (6, current)).thresholds_at(4) == current
