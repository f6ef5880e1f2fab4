"""A slice of customers changed in one transaction: read, caught up, changed, and written with their events."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from domain.failures import OperatorError
from domain.types import OrderKind
from store.changes.customer_change import CustomerWork
from store.changes.customer_fields import read_first
from store.database.client import ID_INDEX, DeleteMany, Document, InsertOne, ReplaceOne, Session, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import DEADLINE_SECONDS, in_transaction
from store.licenses.lines import COLLECTION as LICENSE_LINES
from store.licenses.lines import LineWrite, line_rewrites, line_writes
from store.licenses.peer_histogram import write_tally
from store.licenses.weeks import turn_weeks
from store.tenants.partners import PartnerDocument, Partners

Result = TypeVar("Result")
SLICE = 100


@dataclass(slots=True)
class CustomerSlice:
    """The customers of one transaction; `by_external_id` grows when a new one is begun."""

    scope: Scope
    session: Session
    now: datetime
    partner: PartnerDocument
    works: list[CustomerWork]

    def begin(self) -> CustomerWork:
        """A customer that is not there yet."""
        work = CustomerWork(None, (), self.partner)
        self.works.append(work)
        return work


Body = Callable[[CustomerSlice], Awaitable[Result]]


async def change_customers(
    scope: Scope,
    where: Document,
    body: Body[Result],
    *,
    actor_id: str | None = None,
    deadline: float = DEADLINE_SECONDS,
) -> Result:
    """Loads the customers that match `where` within the partner, lets `body` change them, writes all in one go.

    The body may run several times, each time over freshly read works. Visibility is the caller's part of `where`.
    """

    async def attempt(session: Session) -> Result:
        changing = await load_customers(scope, where, session)
        result = await body(changing)
        await write_customers(changing, actor_id)
        return result

    return await in_transaction(scope.client, attempt, deadline=deadline)


async def load_customers(scope: Scope, where: Document, session: Session) -> CustomerSlice:
    """The customers of a transaction that is under way, caught up with the clock; `write_customers` must follow."""
    partner = await Partners(scope).get(session=session)
    if partner is None:
        raise OperatorError(f"There is no partner {scope.partner_id}: make it with `partnerhub partner create`.")
    now = utc_now()
    customers = await scope.collection("customers").find({**scope.match(), **where}, session=session)
    held = await entitlements_of(scope, [customer["_id"] for customer in customers], session)
    works = [CustomerWork(customer, held.get(customer["_id"], ()), partner) for customer in customers]
    names = await _names_of_expired(scope, customers, now, session)
    for work in works:
        work.catch_up(now)
        work.drop_expired_assignments(now, names)
    return CustomerSlice(scope, session, now, partner, works)


async def entitlements_of(scope: Scope, customer_ids: list[str], session: Session) -> dict[str, list[Document]]:
    """The subscriptions and trials of each customer, as their documents stand."""
    if not customer_ids:
        return {}
    where = {**scope.match(), "customer_id": {"$in": customer_ids}}
    found: dict[str, list[Document]] = {}
    for document in await scope.collection("entitlements").find(where, session=session):
        found.setdefault(document["customer_id"], []).append(document)
    return found


async def _names_of_expired(
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


async def write_customers(changing: CustomerSlice, actor_id: str | None) -> None:
    """Computes what follows from the changes, and writes it with its events; call once."""
    works = [work for work in changing.works if work.has_changed]
    for work in works:
        work.finish(changing.now)
    scope, session = changing.scope, changing.session
    await scope.collection("customers").bulk_write(
        [InsertOne(read_first(w.customer)) if w.is_new else _changing(scope, w) for w in works], session=session
    )
    await _write_remembered(changing)
    await _write_entitlements(changing, works)
    await _write_license_lines(changing, works)
    await _turn_license_weeks(changing, works)
    await _write_orders(changing, works)
    events = [event for work in works for event in work.events(changing.now, actor_id)]
    await scope.collection("events").insert_many(events, session=session)


async def _write_remembered(changing: CustomerSlice) -> None:
    """Bookkeeping behind the facts: nothing that anybody sees has changed, so the versions stay."""
    scope, session = changing.scope, changing.session
    customers = [_changing(scope, work) for work in changing.works if work.remembers]
    held = [_replacing(scope, document) for work in changing.works for document in work.remembered_entitlements()]
    await scope.collection("customers").bulk_write(customers, session=session)
    await scope.collection("entitlements").bulk_write(held, session=session)


def _changing(scope: Scope, work: CustomerWork) -> UpdateOne:
    return UpdateOne({**scope.match(), "_id": work.id}, {"$set": work.changed_fields()}, hint=ID_INDEX)


def _replacing(scope: Scope, document: Document) -> "ReplaceOne[Document]":
    return ReplaceOne({**scope.match(), "_id": document["_id"]}, document, hint=ID_INDEX)


async def _write_entitlements(changing: CustomerSlice, works: list[CustomerWork]) -> None:
    scope = changing.scope
    writes: list[InsertOne[Document] | ReplaceOne[Document]] = []
    for work in works:
        added, changed = work.entitlement_writes()
        for document in (*added, *changed):
            document["partner_id"] = scope.partner_id
            document["version"] = document.get("version", 0) + 1
            document.setdefault("created_at", changing.now)
            document["updated_at"] = changing.now
        writes += [InsertOne(document) for document in added]
        writes += [_replacing(scope, document) for document in changed]
    await scope.collection("entitlements").bulk_write(writes, session=changing.session)


async def _write_license_lines(changing: CustomerSlice, works: list[CustomerWork]) -> None:
    scope, now = changing.scope, changing.now
    writes: list[LineWrite] = []
    lines = [work.license_lines() for work in works]
    for work, (before, after) in zip(works, lines, strict=True):
        writes += (
            line_writes(scope, before, after, now) if work.is_in_form else line_rewrites(scope, before, after, now)
        )
    await scope.collection(LICENSE_LINES).bulk_write(writes, session=changing.session)
    await write_tally(scope, changing.session, lines)


async def _turn_license_weeks(changing: CustomerSlice, works: list[CustomerWork]) -> None:
    for turn in (True, False):
        ids = [work.id for work in works if work.turns_removed is turn]
        await turn_weeks(changing.scope, changing.session, ids, is_removed=turn)


async def _write_orders(changing: CustomerSlice, works: list[CustomerWork]) -> None:
    scope = changing.scope
    reset = sorted({id_ for work in works for id_ in work.reset_orders})
    stamps = {"partner_id": scope.partner_id, "created_at": changing.now, "updated_at": changing.now}
    writes: list[DeleteMany | UpdateOne] = []
    if reset:
        ours = {"entitlement_id": {"$in": reset}, "by_system": True, "kind": str(OrderKind.RENEWAL)}
        writes.append(DeleteMany({**scope.match(), **ours}))
    for order in (order for work in works for order in work.orders):
        # An order that was delivered under this number stays as it is, and no clock may fail because of it.
        where = {**scope.match(), "number": order["number"]}
        writes.append(UpdateOne(where, {"$setOnInsert": {**order, **stamps}}, upsert=True))
    await scope.collection("orders").bulk_write(writes, session=changing.session, ordered=True)
