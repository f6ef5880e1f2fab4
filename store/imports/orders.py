"""Writes batches of delivered orders; each replaces the order that this system created for the same purpose."""

from collections.abc import Sequence
from functools import partial

from domain.entitlements.orders import is_same_order
from domain.imports.records import ImportRecord
from domain.types import ActivityKind, OrderKind
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import DeleteMany, Document
from store.database.scope import Scope
from store.entitlements.orders import COLLECTION
from store.events.log import EventDraft
from store.imports.billing_documents import BillingDocumentKind, BillingDocumentMerger, Changes
from store.imports.deliveries import RecordResult
from store.imports.events import list_field_names
from store.imports.license_usage import read_customer_ids_by_number

_ORDERS = BillingDocumentKind(COLLECTION, "ord", "Order", ("kind", "placed_at", "lines", "amount", "currency"))


async def deliver_orders(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert orders; return the results in the order of the records."""
    customers = await read_customer_ids_by_number(scope, sorted({record.values["subscription"] for record in records}))
    where = {"_id": {"$in": sorted(set(customers.values()))}}
    return await change_customers(scope, where, partial(_deliver, records), deadline=deadline)


async def _deliver(records: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    merger = _OrderMerger(batch, _ORDERS)
    await merger.read(records)
    results = [merger.merge_record(record) for record in records]
    await merger.replace_system_orders()
    await merger.write()
    return results


class _OrderMerger(BillingDocumentMerger):
    """Merges the orders of one transaction."""

    def __init__(self, batch: CustomerBatch, kind: BillingDocumentKind) -> None:
        super().__init__(batch, kind)
        self._replaced_numbers: dict[str, list[str]] = {}

    async def replace_system_orders(self) -> None:
        """Delete the system orders that delivered ones replace, and store which renewals were delivered."""
        delivered = [order for order in self.written.values() if order["kind"] in (OrderKind.NEW, OrderKind.RENEWAL)]
        system_orders = await self._read_system_orders(sorted({order["entitlement_id"] for order in delivered}))
        replaced_ids: list[str] = []
        for order in delivered:
            replaced = [
                ours for ours in system_orders if ours["_id"] not in replaced_ids and self._is_replaced(ours, order)
            ]
            self._replaced_numbers[order["_id"]] = [ours["number"] for ours in replaced]
            replaced_ids += [ours["_id"] for ours in replaced]
        for order in self.written.values():
            self._update_renewal_orders(order)
        if replaced_ids:
            scope = self.batch.scope
            where = {**scope.match(), "_id": {"$in": replaced_ids}}
            await scope.collection(COLLECTION).bulk_write([DeleteMany(where)], session=self.batch.session)

    async def _read_system_orders(self, entitlement_ids: Sequence[str]) -> list[Document]:
        if not entitlement_ids:
            return []
        scope = self.batch.scope
        where = {**scope.match(), "entitlement_id": {"$in": list(entitlement_ids)}, "by_system": True}
        orders = await scope.collection(COLLECTION).find(where, session=self.batch.session)
        return [order for order in orders if order["number"] not in self.written]

    def _is_replaced(self, ours: Document, order: Document) -> bool:
        if ours["entitlement_id"] != order["entitlement_id"]:
            return False
        term = self._find_entitlement(order)["term_months"]
        return is_same_order(order["kind"], order["placed_at"], ours["kind"], ours["placed_at"], term)

    def _update_renewal_orders(self, order: Document) -> None:
        """Store on the subscription which renewals were delivered: a renewal then adds no order for these terms."""
        subscription = self._find_entitlement(order)
        known = subscription.get("renewal_orders", [])
        after = [renewal for renewal in known if renewal["number"] != order["number"]]
        if order["kind"] == OrderKind.RENEWAL:
            after = [*after, {"number": order["number"], "placed_at": order["placed_at"]}]
        if after != known:
            self.find_customer_change(order).update_entitlement_bookkeeping(
                subscription["number"], {"renewal_orders": after}
            )

    def _find_entitlement(self, order: Document) -> Document:
        entitlements = self.find_customer_change(order).entitlements.values()
        return next(each for each in entitlements if each["_id"] == order["entitlement_id"])

    def draft_event(self, before: Document | None, document: Document, changes: Changes, title: str) -> EventDraft:
        """Draft the event; a changed order is a SUBSCRIPTION_CHANGED, since it has no kind of its own."""
        replaced = self._replaced_numbers.get(document["_id"])
        instead = f" in place of {', '.join(replaced)}" if replaced else ""
        all_changes = {**changes, "replaced": [replaced, []]} if replaced else changes
        if before is None:
            return EventDraft(ActivityKind.ORDER_ADDED, document["_id"], f"{title} was added{instead}", all_changes)
        summary = f"{title} changed: {list_field_names(changes)}{instead}"
        return EventDraft(ActivityKind.SUBSCRIPTION_CHANGED, document["_id"], summary, all_changes)
