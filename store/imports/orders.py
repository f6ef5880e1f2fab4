"""Writes batches of delivered orders; each replaces the order that this system created for the same purpose."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from domain.entitlements.orders import is_same_order, renewal_window
from domain.imports.records import ImportRecord
from domain.types import ActivityKind, OrderKind
from store.changes.customer_batch import CustomerBatch, change_customers, load_more_customers
from store.changes.renewals import find_renewed_term
from store.changes.system_orders import MAX_TERM_MONTHS, choose_free_numbers
from store.database.client import DeleteMany, Document, UpdateOne
from store.database.scope import Scope
from store.entitlements.orders import COLLECTION
from store.events.log import EventDraft
from store.imports.billing_documents import BillingDocumentKind, BillingDocumentMerger, Changes
from store.imports.deliveries import RecordResult
from store.imports.events import list_field_names
from store.imports.owners import read_customer_ids_by_number

_ORDERS = BillingDocumentKind(
    COLLECTION, "ord", "Order", ("kind", "placed_at", "lines", "amount", "currency"), ActivityKind.SUBSCRIPTION_CHANGED
)


async def deliver_orders(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert orders; return the results in the order of the records."""
    customers = await read_customer_ids_by_number(scope, sorted({record.values["subscription"] for record in records}))
    where = {"_id": {"$in": sorted(set(customers.values()))}}
    return await change_customers(scope, where, partial(_deliver, records), deadline=deadline)


async def _deliver(records: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    merger = _OrderMerger(batch, _ORDERS)
    await merger.read(records)
    results = await merger.merge_records(records)
    await merger.rename_system_orders()
    await merger.replace_system_orders()
    await merger.write()
    merger.restore_renewals()
    return results


class _OrderMerger(BillingDocumentMerger):
    """Merges the orders of one transaction."""

    def __init__(self, batch: CustomerBatch, kind: BillingDocumentKind) -> None:
        super().__init__(batch, kind)
        self._replaced_numbers: dict[str, list[str]] = {}
        self._replaced_orders: list[Document] = []

    def find_before(self, record: ImportRecord, subscription: Document) -> Document | None:
        """Return the order that the record changes: one of ours only where the record is for the same purpose."""
        before = super().find_before(record, subscription)
        if before is not None and before["by_system"] and not self._is_same(before, record, subscription):
            return None
        return before

    @staticmethod
    def _is_same(ours: Document, record: ImportRecord, subscription: Document) -> bool:
        kind, placed_at = record.values["kind"], record.values["placedAt"]
        return bool(ours["entitlement_id"] == subscription["_id"] and _is_replacement(ours, kind, placed_at))

    async def rename_system_orders(self) -> None:
        """Give the orders of ours another number whose own one was delivered for another order."""
        taken = [number for number, order in self.written.items() if self._is_taken(number, order)]
        orders = [self.stored.pop(number) for number in taken]
        scope, session = self.batch.scope, self.batch.session
        free = await choose_free_numbers(scope, session, taken, frozenset(self.written))
        writes = [
            UpdateOne(
                {**scope.match(), "_id": order["_id"]},
                {"$set": {"number": number, "updated_at": self.batch.now}, "$inc": {"version": 1}},
            )
            for order, number in zip(orders, free, strict=True)
        ]
        await scope.collection(COLLECTION).bulk_write(writes, session=session)
        await load_more_customers(self.batch, [order["customer_id"] for order in orders])
        changes = {change.id: change for change in self.batch.changes if "_id" in change.customer}
        for order, number in zip(orders, free, strict=True):
            change = changes[order["customer_id"]]
            self.add_customer_event(change, _draft_renumbering(order, number, change.customer["name"]))

    def _is_taken(self, number: str, order: Document) -> bool:
        """Return whether another stored order, one of ours, has the number of the delivered order."""
        return number in self.stored and self.stored[number]["_id"] != order["_id"]

    async def replace_system_orders(self) -> None:
        """Delete the system orders that delivered ones replace."""
        delivered = [order for order in self.written.values() if order["kind"] in (OrderKind.NEW, OrderKind.RENEWAL)]
        system_orders = await self._read_system_orders(delivered)
        for order in delivered:
            candidates = [ours for ours in system_orders if _replaces(order, ours)]
            if candidates:
                nearest = min(candidates, key=lambda ours: abs(ours["placed_at"] - order["placed_at"]))
                self._replaced_numbers[order["_id"]] = [nearest["number"]]
                self._replaced_orders.append(nearest)
                system_orders.remove(nearest)
        if self._replaced_orders:
            scope = self.batch.scope
            where = {**scope.match(), "_id": {"$in": [order["_id"] for order in self._replaced_orders]}}
            await scope.collection(COLLECTION).bulk_write([DeleteMany(where)], session=self.batch.session)

    async def _read_system_orders(self, delivered: Sequence[Document]) -> list[Document]:
        """Return the orders of ours that the delivered ones can replace."""
        if not delivered:
            return []
        scope = self.batch.scope
        where = {**scope.match(), "by_system": True, "$or": [_match_replaceable(order) for order in delivered]}
        orders = await scope.collection(COLLECTION).find(where, session=self.batch.session)
        return [order for order in orders if order["number"] not in self.written]

    def restore_renewals(self) -> None:
        """Ask for orders of ours for the renewals that can have lost theirs; those that still have one get no other.

        A delivered order is for something else now, or it replaces an order of a former term that a term of now shared.
        """
        subscriptions = {
            document["_id"]: (change, document)
            for change in self.batch.changes
            for document in change.entitlements.values()
        }
        changed = [
            before
            for number, order in self.written.items()
            if (before := self.stored.get(number)) is not None and _leaves_renewal(before, order)
        ]
        for before in (*changed, *self._replaced_orders):
            if before["entitlement_id"] not in subscriptions:
                continue
            change, subscription = subscriptions[before["entitlement_id"]]
            term = find_renewed_term(subscription, before["placed_at"])
            if term is not None:
                change.renewed_terms.append(term)
                change.update_customer({})

    def draft_event(self, before: Document | None, document: Document, changes: Changes, title: str) -> EventDraft:
        """Draft the event; a changed order is a SUBSCRIPTION_CHANGED, since it has no kind of its own."""
        replaced = self._replaced_numbers.get(document["_id"])
        instead = f" in place of {', '.join(replaced)}" if replaced else ""
        all_changes = {**changes, "replaced": [replaced, []]} if replaced else changes
        if before is None:
            return EventDraft(ActivityKind.ORDER_ADDED, document["_id"], f"{title} was added{instead}", all_changes)
        summary = f"{title} changed: {list_field_names(changes)}{instead}"
        return EventDraft(ActivityKind.SUBSCRIPTION_CHANGED, document["_id"], summary, all_changes)


def _match_replaceable(order: Document) -> Document:
    """Return a condition on orders of ours that a delivered NEW or RENEWAL order can replace."""
    where = {"entitlement_id": order["entitlement_id"], "kind": order["kind"]}
    if order["kind"] == OrderKind.NEW:
        return where
    first, last = renewal_window(order["placed_at"], MAX_TERM_MONTHS)
    return {**where, "placed_at": {"$gt": first, "$lt": last}}


def _leaves_renewal(before: Document, after: Document) -> bool:
    is_changed = any(before[name] != after[name] for name in ("kind", "placed_at", "entitlement_id"))
    return bool(before["kind"] == OrderKind.RENEWAL and is_changed)


def _replaces(order: Document, ours: Document) -> bool:
    is_same_subscription = ours["entitlement_id"] == order["entitlement_id"]
    return bool(is_same_subscription and _is_replacement(ours, order["kind"], order["placed_at"]))


def _is_replacement(ours: Document, kind: str, placed_at: datetime) -> bool:
    return is_same_order(kind, placed_at, ours["kind"], ours["placed_at"], ours["term_months"])


def _draft_renumbering(order: Document, number: str, customer: str) -> EventDraft:
    summary = f"Order {order['number']} of {customer} is now {number}: the number was delivered for another order"
    changes = {"number": [order["number"], number]}
    return EventDraft(ActivityKind.SUBSCRIPTION_CHANGED, order["_id"], summary, changes)
