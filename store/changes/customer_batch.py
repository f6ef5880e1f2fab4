"""A slice of customers changed in one transaction: read, caught up, changed, and written with their events."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from domain.failures import OperatorError
from domain.types import OrderKind
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import put_list_fields_first
from store.database.client import ID_INDEX, DeleteMany, Document, InsertOne, ReplaceOne, Session, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import DEADLINE_SECONDS, in_transaction
from store.licenses.lines import COLLECTION as LICENSE_LINES
from store.licenses.lines import LicenseLineWrite, build_line_replacements, build_line_writes
from store.licenses.peer_histogram import write_histogram_delta
from store.licenses.weeks import set_weeks_removed
from store.tenants.partners import PartnerDocument, Partners

Result = TypeVar("Result")
BATCH_SIZE = 100


@dataclass(slots=True)
class CustomerBatch:
    """The customers of one transaction; `by_external_id` grows when a new one is begun."""

    scope: Scope
    session: Session
    now: datetime
    partner: PartnerDocument
    changes: list[CustomerChange]

    def add_customer(self) -> CustomerChange:
        """A customer that is not there yet."""
        work = CustomerChange(None, (), self.partner)
        self.changes.append(work)
        return work


BatchBody = Callable[[CustomerBatch], Awaitable[Result]]


async def change_customers(
    scope: Scope,
    where: Document,
    body: BatchBody[Result],
    *,
    actor_id: str | None = None,
    deadline: float = DEADLINE_SECONDS,
) -> Result:
    """Loads the customers that match `where` within the partner, lets `body` change them, writes all in one go.

    The body may run several times, each time over freshly read works. Visibility is the caller's part of `where`.
    """

    async def attempt(session: Session) -> Result:
        batch = await load_customers(scope, where, session)
        result = await body(batch)
        await write_customers(batch, actor_id)
        return result

    return await in_transaction(scope.client, attempt, deadline=deadline)


async def load_customers(scope: Scope, where: Document, session: Session) -> CustomerBatch:
    """The customers of a transaction that is under way, caught up with the clock; `write_customers` must follow."""
    partner = await Partners(scope).get(session=session)
    if partner is None:
        raise OperatorError(f"There is no partner {scope.partner_id}: make it with `partnerhub partner create`.")
    return await load_customers_at(scope, where, session, partner, utc_now())


async def load_customers_at(
    scope: Scope, where: Document, session: Session, partner: PartnerDocument, now: datetime
) -> CustomerBatch:
    """Load customers like `load_customers`, for a caller that has read the partner and the clock in the transaction."""
    customers = await scope.collection("customers").find({**scope.match(), **where}, session=session)
    held = await read_entitlements(scope, [customer["_id"] for customer in customers], session)
    works = [CustomerChange(customer, held.get(customer["_id"], ()), partner) for customer in customers]
    names = await _names_of_expired_assignees(scope, customers, now, session)
    for work in works:
        work.advance_to(now)
        work.remove_expired_assignments(now, names)
    return CustomerBatch(scope, session, now, partner, works)


async def read_entitlements(scope: Scope, customer_ids: list[str], session: Session) -> dict[str, list[Document]]:
    """The subscriptions and trials of each customer, as their documents stand."""
    if not customer_ids:
        return {}
    where = {**scope.match(), "customer_id": {"$in": customer_ids}}
    found: dict[str, list[Document]] = {}
    for document in await scope.collection("entitlements").find(where, session=session):
        found.setdefault(document["customer_id"], []).append(document)
    return found


async def _names_of_expired_assignees(
    scope: Scope, customers: Iterable[Document], now: datetime, session: Session
) -> dict[str, str]:
    ids = {
        held["administrator_id"]
        for customer in customers
        if customer["next_unassignment_at"] is not None and customer["next_unassignment_at"] <= now
        for held in customer["assignments"]
    }
    if not ids:
        return {}
    where = {**scope.match(), "_id": {"$in": sorted(ids)}}
    found = await scope.collection("administrators").find(where, {"display_name": 1}, session=session)
    return {administrator["_id"]: administrator["display_name"] for administrator in found}


async def write_customers(batch: CustomerBatch, actor_id: str | None) -> None:
    """Computes what follows from the changes, and writes it with its events; call once."""
    works = [work for work in batch.changes if work.has_changed]
    for work in works:
        work.compute_projection(batch.now)
    scope, session = batch.scope, batch.session
    await scope.collection("customers").bulk_write(
        [InsertOne(put_list_fields_first(w.customer)) if w.is_new else _customer_update(scope, w) for w in works],
        session=session,
    )
    await _write_bookkeeping(batch)
    await _write_entitlements(batch, works)
    await _write_license_lines(batch, works)
    await _mark_license_weeks(batch, works)
    await _write_orders(batch, works)
    events = [event for work in works for event in work.events(batch.now, actor_id)]
    await scope.collection("events").insert_many(events, session=session)


async def _write_bookkeeping(batch: CustomerBatch) -> None:
    """Bookkeeping behind the facts: nothing that anybody sees has changed, so the versions stay."""
    scope, session = batch.scope, batch.session
    customers = [_customer_update(scope, work) for work in batch.changes if work.has_only_bookkeeping]
    held = [
        _entitlement_replacement(scope, document)
        for work in batch.changes
        for document in work.bookkeeping_entitlements()
    ]
    await scope.collection("customers").bulk_write(customers, session=session)
    await scope.collection("entitlements").bulk_write(held, session=session)


def _customer_update(scope: Scope, work: CustomerChange) -> UpdateOne:
    return UpdateOne({**scope.match(), "_id": work.id}, {"$set": work.changed_fields()}, hint=ID_INDEX)


def _entitlement_replacement(scope: Scope, document: Document) -> "ReplaceOne[Document]":
    return ReplaceOne({**scope.match(), "_id": document["_id"]}, document, hint=ID_INDEX)


async def _write_entitlements(batch: CustomerBatch, works: list[CustomerChange]) -> None:
    scope = batch.scope
    writes: list[InsertOne[Document] | ReplaceOne[Document]] = []
    for work in works:
        added, changed = work.entitlement_writes()
        for document in (*added, *changed):
            document["partner_id"] = scope.partner_id
            document["version"] = document.get("version", 0) + 1
            document.setdefault("created_at", batch.now)
            document["updated_at"] = batch.now
        writes += [InsertOne(document) for document in added]
        writes += [_entitlement_replacement(scope, document) for document in changed]
    await scope.collection("entitlements").bulk_write(writes, session=batch.session)


async def _write_license_lines(batch: CustomerBatch, works: list[CustomerChange]) -> None:
    scope, now = batch.scope, batch.now
    writes: list[LicenseLineWrite] = []
    lines = [work.license_lines() for work in works]
    for work, (before, after) in zip(works, lines, strict=True):
        writes += (
            build_line_replacements(scope, before, after, now)
            if work.is_rewritten
            else build_line_writes(scope, before, after, now)
        )
    await scope.collection(LICENSE_LINES).bulk_write(writes, session=batch.session)
    await write_histogram_delta(scope, batch.session, lines)


async def _mark_license_weeks(batch: CustomerBatch, works: list[CustomerChange]) -> None:
    for turn in (True, False):
        ids = [work.id for work in works if work.removal_change is turn]
        await set_weeks_removed(batch.scope, batch.session, ids, is_removed=turn)


async def _write_orders(batch: CustomerBatch, works: list[CustomerChange]) -> None:
    scope = batch.scope
    reset = sorted({id_ for work in works for id_ in work.reset_entitlement_ids})
    stamps = {"partner_id": scope.partner_id, "created_at": batch.now, "updated_at": batch.now}
    writes: list[DeleteMany | UpdateOne] = []
    if reset:
        ours = {"entitlement_id": {"$in": reset}, "by_system": True, "kind": str(OrderKind.RENEWAL)}
        writes.append(DeleteMany({**scope.match(), **ours}))
    for order in (order for work in works for order in work.orders):
        # An order that was delivered under this number stays as it is, and no clock may fail because of it.
        where = {**scope.match(), "number": order["number"]}
        writes.append(UpdateOne(where, {"$setOnInsert": {**order, **stamps}}, upsert=True))
    await scope.collection("orders").bulk_write(writes, session=batch.session, ordered=True)
