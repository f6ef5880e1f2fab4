"""Subscriptions and trials read in batches."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.entitlements.lifecycle import effective_end, state_at
from domain.types import EntitlementState, Product, SubscriptionType
from store.database.client import Client
from store.database.scope import Scope
from store.entitlements.documents import ENTITLEMENT_INDEXES, Entitlements
from tests.store.customers.factory_lists import CommandRecorder
from tests.store.factory_customers import subscription

NOW = datetime(2026, 11, 22, 12)
DAY = timedelta(days=1)


def held(customer_id: str, number: str, days_ago: int, **facts: Any) -> dict[str, Any]:
    """A subscription that was added so many days ago and runs for another ten, unless told otherwise."""
    end = facts.pop("ends_at", NOW + 10 * DAY)
    begun = {"added_at": NOW - days_ago * DAY, "starts_at": NOW - days_ago * DAY}
    document = {**subscription(number, ends_at=end), **begun, "partner_id": "acme", "customer_id": customer_id}
    return {**document, "version": 1, "created_at": NOW, "updated_at": NOW, **facts}


@pytest.fixture
def commands() -> CommandRecorder:
    return CommandRecorder()


@pytest.fixture
async def scope(mongo_uri: str, database_name: str, commands: CommandRecorder) -> AsyncIterator[Scope]:
    client = Client(mongo_uri, database_name, event_listeners=[commands])
    await client.collection("entitlements").create_indexes(ENTITLEMENT_INDEXES)
    yield Scope(client, "acme", NOW)
    await client.close()


async def fill(scope: Scope, documents: Sequence[dict[str, Any]]) -> None:
    await scope.collection("entitlements").insert_many(documents)


async def test_reads_many_customers_in_one_query_newest_first(scope: Scope, commands: CommandRecorder) -> None:
    await fill(scope, [held("cus_1", "A", 30), held("cus_1", "B", 2), held("cus_2", "C", 5), held("cus_9", "D", 5)])
    found = await Entitlements(scope).by_customer(["cus_1", "cus_2", "cus_3"])
    numbers = {id_: [one.number for one in some] for id_, some in found.items()}
    assert numbers == {"cus_1": ["B", "A"], "cus_2": ["C"], "cus_3": []}
    assert len(commands.take()) == 1


async def test_reads_by_id_within_the_partner(scope: Scope) -> None:
    mine, theirs = held("cus_1", "A", 1), held("cus_1", "B", 1, partner_id="other")
    await fill(scope, [mine, theirs])
    found = await Entitlements(scope).by_ids([mine["_id"], theirs["_id"], "sub_gone"])
    assert list(found) == [mine["_id"]]


async def test_a_document_answers_what_the_rules_ask(scope: Scope) -> None:
    stored = held("cus_1", "A", 400, auto_renew=True, ends_at=NOW - DAY)
    await fill(scope, [stored])
    (found,) = (await Entitlements(scope).by_ids([stored["_id"]])).values()
    assert state_at(found, NOW) is EntitlementState.ACTIVE
    assert effective_end(found, NOW) > NOW
    assert (found.kind, found.customer_id, found.version) == (SubscriptionType.SUBSCRIPTION, "cus_1", 1)
    assert [(line.product, line.total, line.assigned, line.used) for line in found.licenses] == [
        (Product.MEETINGS, 10, 5, 3)
    ]
