"""Several customers changed in one transaction: loaded, caught up with the clock, changed, and written with events."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from domain.entitlements.license_lines import LicenseLine
from domain.entitlements.use_peaks import Peaks
from domain.failures import OperatorError
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import put_list_fields_first
from store.changes.moved_entitlements import write_moved_entitlements
from store.changes.system_orders import build_renewal_orders
from store.database.client import ID_INDEX, Document, InsertOne, ReplaceOne, Session, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import DEADLINE_SECONDS, in_transaction
from store.database.turns import in_turns
from store.licenses.lines import COLLECTION as LICENSE_LINES
from store.licenses.lines import LicenseLineWrite, build_line_replacements, build_line_writes
from store.licenses.peer_histogram import write_histogram_delta
from store.licenses.use_peaks import compute_peaks
from store.licenses.weeks import repair_weeks, set_weeks_removed
from store.tenants.partners import PartnerDocument, Partners

Result = TypeVar("Result")
LinesBeforeAndAfter = tuple[Mapping[str, LicenseLine], Mapping[str, LicenseLine]]
# Batches of 100 keep the feeds of other partners at p99 32 ms during bulk work; batches of 1,000 make it 164 ms.
BATCH_SIZE = 100
# The statuses and the projection of 10 customers take 5 to 10 ms.
_CUSTOMERS_PER_TURN = 10


class CustomerBatch(Struct):
    """The customers of one transaction, all evaluated at `now`."""

    scope: Scope
    session: Session
    now: datetime
    partner: PartnerDocument
    changes: list[CustomerChange]

    def add_customer(self) -> CustomerChange:
        """Begin a new customer; its first `update_customer` gives it an id."""
        change = CustomerChange(None, (), self.partner)
        self.changes.append(change)
        return change


BatchBody = Callable[[CustomerBatch], Awaitable[Result]]


async def change_customers(
    scope: Scope,
    where: Document,
    body: BatchBody[Result],
    *,
    actor_id: str | None = None,
    deadline: float = DEADLINE_SECONDS,
) -> Result:
    """Load the partner's customers that match `where`, let `body` change them, and write them in one transaction.

    The body can run several times, each time with a newly loaded batch. `where` includes the visibility condition
    where the caller has one. Unavailable where the transaction cannot commit within `deadline` seconds.
    """

    async def attempt(session: Session) -> Result:
        batch = await load_customers(scope, where, session)
        result = await body(batch)
        await write_customers(batch, actor_id)
        return result

    return await in_transaction(scope.client, attempt, deadline=deadline)


async def evaluate_customers(scope: Scope, ids: Sequence[str], *, deadline: float = DEADLINE_SECONDS) -> None:
    """Apply what the clock and changed settings have made due; raise Unavailable like `change_customers`."""

    async def change_nothing(_: CustomerBatch) -> None:
        """Loading the customers has applied everything that is due."""

    await change_customers(scope, {"_id": {"$in": list(ids)}}, change_nothing, deadline=deadline)


async def load_customers(scope: Scope, where: Document, session: Session) -> CustomerBatch:
    """Load customers in an open transaction and catch them up with the clock; `write_customers` must follow."""
    partner = await Partners(scope).get(session=session)
    if partner is None:
        raise OperatorError(f"There is no partner {scope.partner_id}: make it with `partnerhub partner create`.")
    return await load_customers_at(scope, where, session, partner, utc_now())


async def load_customers_at(
    scope: Scope, where: Document, session: Session, partner: PartnerDocument, now: datetime
) -> CustomerBatch:
    """Load customers like `load_customers`, for a caller that has read the partner and the clock in the transaction."""
    customers = await scope.collection("customers").find({**scope.match(), **where}, session=session)
    entitlements = await read_entitlements(scope, [customer["_id"] for customer in customers], session)
    changes = [CustomerChange(customer, entitlements.get(customer["_id"], ()), partner) for customer in customers]
    names = await _read_expired_assignee_names(scope, customers, now, session)
    async for some in in_turns(changes, _CUSTOMERS_PER_TURN):
        for change in some:
            change.advance_to(now)
            change.remove_expired_assignments(now, names)
    return CustomerBatch(scope, session, now, partner, changes)


async def load_more_customers(batch: CustomerBatch, customer_ids: Iterable[str]) -> list[CustomerChange]:
    """Load those of the customers into the batch that it does not have yet; return them."""
    missing = sorted(set(customer_ids) - {change.id for change in batch.changes if "_id" in change.customer})
    if not missing:
        return []
    where = {"_id": {"$in": missing}}
    more = await load_customers_at(batch.scope, where, batch.session, batch.partner, batch.now)
    batch.changes += more.changes
    return more.changes


async def read_entitlements(scope: Scope, customer_ids: list[str], session: Session) -> dict[str, list[Document]]:
    """Return the stored subscriptions and trials by customer id."""
    if not customer_ids:
        return {}
    where = {**scope.match(), "customer_id": {"$in": customer_ids}}
    by_customer: dict[str, list[Document]] = {}
    for entitlement in await scope.collection("entitlements").find(where, session=session):
        by_customer.setdefault(entitlement["customer_id"], []).append(entitlement)
    return by_customer


async def _read_expired_assignee_names(
    scope: Scope, customers: Iterable[Document], now: datetime, session: Session
) -> dict[str, str]:
    """Return display names by administrator id, for the customers with an expired assignment."""
    ids = {
        assignment["administrator_id"]
        for customer in customers
        if customer["next_unassignment_at"] is not None and customer["next_unassignment_at"] <= now
        for assignment in customer["assignments"]
    }
    if not ids:
        return {}
    where = {**scope.match(), "_id": {"$in": sorted(ids)}}
    administrators = await scope.collection("administrators").find(where, {"display_name": 1}, session=session)
    return {administrator["_id"]: administrator["display_name"] for administrator in administrators}


async def write_customers(batch: CustomerBatch, actor_id: str | None) -> None:
    """Compute the projections of the changed customers, and write everything with the events; call once."""
    changed = [change for change in batch.changes if change.has_changed]
    async for some in in_turns(changed, _CUSTOMERS_PER_TURN):
        for change in some:
            change.compute_projection(batch.now)
    await _write_customer_documents(batch, changed)
    await _write_bookkeeping(batch)
    await _write_entitlements(batch, changed)
    await _write_moved_entitlements(batch, changed)
    await _write_license_lines(batch, changed)
    await _mark_license_weeks(batch, changed)
    await _write_orders(batch, changed)
    events = [event for change in changed for event in change.events(batch.now, actor_id)]
    await batch.scope.collection("events").insert_many(events, session=batch.session)


async def _write_customer_documents(batch: CustomerBatch, changed: list[CustomerChange]) -> None:
    # An external id must be released before another customer gets it.
    ordered = sorted(changed, key=lambda change: (change.is_new, not change.releases_external_id))
    writes = [
        InsertOne(put_list_fields_first(change.customer)) if change.is_new else _customer_update(batch.scope, change)
        for change in ordered
    ]
    await batch.scope.collection("customers").bulk_write(writes, session=batch.session, ordered=True)


async def _write_bookkeeping(batch: CustomerBatch) -> None:
    """Write the fields that no client sees; versions stay."""
    scope, session = batch.scope, batch.session
    customers = [_customer_update(scope, change) for change in batch.changes if change.has_only_bookkeeping]
    entitlements = [
        _entitlement_replacement(scope, entitlement)
        for change in batch.changes
        for entitlement in change.bookkeeping_entitlements()
    ]
    await scope.collection("customers").bulk_write(customers, session=session)
    await scope.collection("entitlements").bulk_write(entitlements, session=session)


def _customer_update(scope: Scope, change: CustomerChange) -> UpdateOne:
    return UpdateOne({**scope.match(), "_id": change.id}, {"$set": change.changed_fields()}, hint=ID_INDEX)


def _entitlement_replacement(scope: Scope, entitlement: Document) -> "ReplaceOne[Document]":
    return ReplaceOne({**scope.match(), "_id": entitlement["_id"]}, entitlement, hint=ID_INDEX)


async def _write_entitlements(batch: CustomerBatch, changed: list[CustomerChange]) -> None:
    scope = batch.scope
    writes: list[InsertOne[Document] | ReplaceOne[Document]] = []
    for change in changed:
        new, updated = change.entitlement_writes()
        for entitlement in (*new, *updated):
            entitlement["partner_id"] = scope.partner_id
            entitlement["version"] = entitlement.get("version", 0) + 1
            entitlement.setdefault("created_at", batch.now)
            entitlement["updated_at"] = batch.now
        writes += [InsertOne(entitlement) for entitlement in new]
        writes += [_entitlement_replacement(scope, entitlement) for entitlement in updated]
    await scope.collection("entitlements").bulk_write(writes, session=batch.session)


async def _write_moved_entitlements(batch: CustomerBatch, changed: list[CustomerChange]) -> None:
    customers = {id_: change.id for change in changed for id_ in change.moved_ids}
    left_ids = [change.id for change in changed if change.has_lost_entitlement]
    await write_moved_entitlements(batch.scope, batch.session, customers, left_ids)


async def _write_license_lines(batch: CustomerBatch, changed: list[CustomerChange]) -> None:
    scope, now = batch.scope, batch.now
    writes: list[LicenseLineWrite] = []
    lines = [change.license_lines() for change in changed]
    # All together, because a line that moves to another customer keeps its id.
    all_before: dict[str, LicenseLine] = {}
    all_after: dict[str, LicenseLine] = {}
    peaks = await _read_peaks(batch, changed, lines)
    for change, (before, after) in zip(changed, lines, strict=True):
        if change.is_rewritten:
            # A repair cannot rely on the stored lines, so it replaces them instead of writing what differs.
            writes += build_line_replacements(scope, before, after, peaks, now)
        else:
            all_before.update(before)
            all_after.update(after)
    writes += build_line_writes(scope, all_before, all_after, peaks, now)
    await scope.collection(LICENSE_LINES).bulk_write(writes, session=batch.session)
    await write_histogram_delta(scope, batch.session, lines)


async def _read_peaks(
    batch: CustomerBatch, changed: list[CustomerChange], lines: Sequence[LinesBeforeAndAfter]
) -> Mapping[str, Peaks]:
    """Return the peaks of use of the lines that are inserted or replaced; new entitlements have no snapshots."""
    written: dict[str, LicenseLine] = {}
    for change, (before, after) in zip(changed, lines, strict=True):
        new_ids = {document["_id"] for document in change.entitlement_writes()[0]}
        written |= {
            id_: line
            for id_, line in after.items()
            if (change.is_rewritten or id_ not in before) and line["entitlement_id"] not in new_ids
        }
    return await compute_peaks(batch.scope, batch.session, written)


async def _mark_license_weeks(batch: CustomerBatch, changed: list[CustomerChange]) -> None:
    removed = [change.id for change in changed if change.removal_change is True]
    await set_weeks_removed(batch.scope, batch.session, removed)
    # Not every week of a restored customer counts again: its entitlements can have moved to another customer.
    restored = [change.id for change in changed if change.removal_change is False]
    if restored:
        await repair_weeks(batch.scope, batch.session, restored)


async def _write_orders(batch: CustomerBatch, changed: list[CustomerChange]) -> None:
    scope = batch.scope
    terms = [term for change in changed for term in change.renewed_terms]
    renewals = await build_renewal_orders(scope, batch.session, terms)
    stamps = {"partner_id": scope.partner_id, "created_at": batch.now, "updated_at": batch.now}
    orders = [*(order for change in changed for order in change.orders), *renewals]
    writes = [InsertOne({**order, **stamps}) for order in orders]
    await scope.collection("orders").bulk_write(writes, session=batch.session)
