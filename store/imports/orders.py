"""Writes slices of delivered orders, which take the place of those that were made here in their stead."""

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


async def deliver_orders(scope: Scope, lines: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upserts orders; the outcomes stand in the lines' order."""
    customers = await read_customer_ids_by_number(scope, sorted({line.values["subscription"] for line in lines}))
    where = {"_id": {"$in": sorted(set(customers.values()))}}
    return await change_customers(scope, where, partial(_deliver, lines), deadline=deadline)


async def _deliver(lines: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    merger = _OrderMerger(batch, _ORDERS)
    await merger.read(lines)
    outcomes = [merger.merge_record(line) for line in lines]
    await merger.replace_system_orders()
    await merger.write()
    return outcomes


class _OrderMerger(BillingDocumentMerger):
    """The orders of one transaction."""

    def __init__(self, batch: CustomerBatch, kind: BillingDocumentKind) -> None:
        super().__init__(batch, kind)
        self._replaced_numbers: dict[str, list[str]] = {}

    async def replace_system_orders(self) -> None:
        """Deletes the orders of ours whose place is taken, and remembers the renewals that need none of ours."""
        delivered = [order for order in self.written.values() if order["kind"] in (OrderKind.NEW, OrderKind.RENEWAL)]
        ours = await self._read_system_orders(sorted({order["entitlement_id"] for order in delivered}))
        gone: list[str] = []
        for order in delivered:
            taken = [one for one in ours if one["_id"] not in gone and self._is_replaced(one, order)]
            self._replaced_numbers[order["_id"]] = [one["number"] for one in taken]
            gone += [one["_id"] for one in taken]
        for order in self.written.values():
            self._update_renewal_orders(order)
        if gone:
            scope = self.batch.scope
            where = {**scope.match(), "_id": {"$in": gone}}
            await scope.collection(COLLECTION).bulk_write([DeleteMany(where)], session=self.batch.session)

    async def _read_system_orders(self, entitlement_ids: Sequence[str]) -> list[Document]:
        if not entitlement_ids:
            return []
        scope = self.batch.scope
        where = {**scope.match(), "entitlement_id": {"$in": list(entitlement_ids)}, "by_system": True}
        found = await scope.collection(COLLECTION).find(where, session=self.batch.session)
        return [order for order in found if order["number"] not in self.written]

    def _is_replaced(self, ours: Document, order: Document) -> bool:
        if ours["entitlement_id"] != order["entitlement_id"]:
            return False
        term = self._find_entitlement(order)["term_months"]
        return is_same_order(order["kind"], order["placed_at"], ours["kind"], ours["placed_at"], term)

    def _update_renewal_orders(self, order: Document) -> None:
        """The clock makes no order for a term whose renewal was delivered, be it before the term begins."""
        subscription = self._find_entitlement(order)
        known = subscription.get("renewal_orders", [])
        others = [one for one in known if one["number"] != order["number"]]
        mine = [{"number": order["number"], "placed_at": order["placed_at"]}]
        after = others + mine if order["kind"] == OrderKind.RENEWAL else others
        if after != known:
            self.find_customer_change(order).update_entitlement_bookkeeping(
                subscription["number"], {"renewal_orders": after}
            )

    def _find_entitlement(self, order: Document) -> Document:
        held = self.find_customer_change(order).entitlements.values()
        return next(one for one in held if one["_id"] == order["entitlement_id"])

    def draft_event(self, before: Document | None, document: Document, changes: Changes, title: str) -> EventDraft:
        """A changed order changes its subscription: the log has no kind of its own for it."""
        replaced = self._replaced_numbers.get(document["_id"])
        instead = f" in place of {', '.join(replaced)}" if replaced else ""
        told = {**changes, "replaced": [replaced, []]} if replaced else changes
        if before is None:
            return EventDraft(ActivityKind.ORDER_ADDED, document["_id"], f"{title} was added{instead}", told)
        summary = f"{title} changed: {list_field_names(changes)}{instead}"
        return EventDraft(ActivityKind.SUBSCRIPTION_CHANGED, document["_id"], summary, told)
