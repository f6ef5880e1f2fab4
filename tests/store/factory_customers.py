"""Customers made through the one write path, for tests of the store and of the jobs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from domain.types import ActivityKind
from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.events.log import EventDraft
from store.tenants.partners import Partners

DAY = timedelta(days=1)
PARTNER = "acme"


async def partner_scope(client: Client, partner_id: str = PARTNER) -> Scope:
    """A partner with default settings, and the system's scope on it."""
    scope = Scope(client, partner_id, utc_now())
    await Partners(scope).create("Acme Telecom", [])
    return scope


def subscription(number: str, **facts: Any) -> dict[str, Any]:
    """A subscription that runs for another year, without auto-renewal, unless told otherwise."""
    now = utc_now()
    end = facts.pop("ends_at", now + 365 * DAY)
    return {
        "_id": new_id("sub"),
        "number": number,
        "kind": "SUBSCRIPTION",
        "added_at": now - 30 * DAY,
        "starts_at": now - 30 * DAY,
        "first_ends_at": end,
        "ends_at": end,
        "term_months": 12,
        "auto_renew": False,
        "set_up": True,
        "suspended": False,
        "suspended_at": None,
        "cancelled_at": None,
        "overdue_invoice": None,
        "licenses": [{"product": "MEETINGS", "total": 10, "assigned": 5, "used": 3, "day": None}],
        "renewals": 0,
        "extensions": [],
        "started_by": None,
        "ended_early_at": None,
        "converted_to": None,
        "delivered": {},
        **facts,
    }


def trial(number: str, **facts: Any) -> dict[str, Any]:
    """A trial of Meetings that began ten days ago and runs for another twenty, unless told otherwise."""
    now = utc_now()
    end = facts.pop("ends_at", now + 20 * DAY)
    given = {"_id": new_id("tri"), "kind": "TRIAL", "term_months": None, "auto_renew": False}
    begun = {"added_at": now - 10 * DAY, "starts_at": now - 10 * DAY, "ends_at": end}
    return subscription(number, **{**given, **begun, **facts})


async def add_customer(scope: Scope, external_id: str, *held: Mapping[str, Any], **facts: Any) -> str:
    """A customer whose administrator signed in just now; answers its id."""

    async def body(batch: CustomerBatch) -> str:
        return begin_customer(batch, external_id, held, facts)

    return await change_customers(scope, {"external_id": external_id}, body)


async def add_customers(
    scope: Scope,
    customers: Iterable[tuple[str, Sequence[Mapping[str, Any]]]],
    facts: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Many customers, a hundred a transaction: external id and entitlements of each, and further facts by the id."""
    waiting = iter(customers)
    while some := list(islice(waiting, BATCH_SIZE)):

        async def body(batch: CustomerBatch, some: Sequence[Any] = some) -> None:
            for external_id, held in some:
                begin_customer(batch, external_id, held, (facts or {}).get(external_id, {}))

        where = {"external_id": {"$in": [external_id for external_id, _ in some]}}
        # Nobody waits for them: a machine that is busy has more time than for a request.
        await change_customers(scope, where, body, deadline=60.0)


def begin_customer(
    batch: CustomerBatch, external_id: str, held: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]
) -> str:
    """Add a customer to the batch; return its id."""
    work = batch.add_customer()
    fields = {"name": f"Customer {external_id}", "managed_by": "PARTNER_ORGANIZATION", "created_at": batch.now}
    signed_in = {"last_administrator_sign_in_at": batch.now}
    work.update_customer({**fields, **signed_in, "external_id": external_id, "delivered": {}, **facts})
    work.add_event(EventDraft(ActivityKind.CUSTOMER_ADDED, work.id, f"Customer {external_id} was added"))
    for document in held:
        work.add_entitlement({**document, "customer_id": work.id})
    return work.id


async def stored(scope: Scope, customer_id: str) -> Document:
    """The customer as it is stored."""
    found = await scope.collection("customers").find_one({**scope.match(), "_id": customer_id})
    assert found is not None
    return found


async def events_of(scope: Scope, customer_id: str) -> list[Document]:
    """The customer's events, oldest first."""
    where = {**scope.match(), "customer_id": customer_id}
    return await scope.collection("events").find(where, sort=[("at", 1), ("_id", 1)])
