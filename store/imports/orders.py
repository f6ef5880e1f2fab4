"""Writes slices of delivered orders, which take the place of those that were made here in their stead."""

from collections.abc import Sequence
from functools import partial

from domain.entitlements.orders import takes_the_place
from domain.imports.records import Line
from domain.types import ActivityKind, OrderKind
from store.changes.customer_batch import CustomerSlice, change_customers
from store.database.client import DeleteMany, Document
from store.database.scope import Scope
from store.entitlements.orders import COLLECTION
from store.events.log import Note
from store.imports.billing_documents import Changes, PaperKind, PaperSlice
from store.imports.deliveries import LineOutcome
from store.imports.events import listed
from store.imports.license_usage import customers_by_number

_ORDERS = PaperKind(COLLECTION, "ord", "Order", ("kind", "placed_at", "lines", "amount", "currency"))


async def deliver_orders(scope: Scope, lines: Sequence[Line], deadline: float) -> list[LineOutcome]:
    """Upserts orders; the outcomes stand in the lines' order."""
    customers = await customers_by_number(scope, sorted({line.values["subscription"] for line in lines}))
    where = {"_id": {"$in": sorted(set(customers.values()))}}
    return await change_customers(scope, where, partial(_deliver, lines), deadline=deadline)


async def _deliver(lines: Sequence[Line], changing: CustomerSlice) -> list[LineOutcome]:
    slice_ = _OrderSlice(changing, _ORDERS)
    await slice_.read(lines)
    outcomes = [slice_.outcome(line) for line in lines]
    await slice_.give_way()
    await slice_.write()
    return outcomes


class _OrderSlice(PaperSlice):
    """The orders of one transaction."""

    def __init__(self, changing: CustomerSlice, kind: PaperKind) -> None:
        super().__init__(changing, kind)
        self._replaced: dict[str, list[str]] = {}

    async def give_way(self) -> None:
        """Deletes the orders of ours whose place is taken, and remembers the renewals that need none of ours."""
        delivered = [order for order in self.written.values() if order["kind"] in (OrderKind.NEW, OrderKind.RENEWAL)]
        ours = await self._ours(sorted({order["entitlement_id"] for order in delivered}))
        gone: list[str] = []
        for order in delivered:
            taken = [one for one in ours if one["_id"] not in gone and self._is_taken(one, order)]
            self._replaced[order["_id"]] = [one["number"] for one in taken]
            gone += [one["_id"] for one in taken]
        for order in self.written.values():
            self._remember(order)
        if gone:
            scope = self.changing.scope
            where = {**scope.match(), "_id": {"$in": gone}}
            await scope.collection(COLLECTION).bulk_write([DeleteMany(where)], session=self.changing.session)

    async def _ours(self, entitlement_ids: Sequence[str]) -> list[Document]:
        if not entitlement_ids:
            return []
        scope = self.changing.scope
        where = {**scope.match(), "entitlement_id": {"$in": list(entitlement_ids)}, "by_system": True}
        found = await scope.collection(COLLECTION).find(where, session=self.changing.session)
        return [order for order in found if order["number"] not in self.written]

    def _is_taken(self, ours: Document, order: Document) -> bool:
        if ours["entitlement_id"] != order["entitlement_id"]:
            return False
        term = self._entitlement(order)["term_months"]
        return takes_the_place(order["kind"], order["placed_at"], ours["kind"], ours["placed_at"], term)

    def _remember(self, order: Document) -> None:
        """The clock makes no order for a term whose renewal was delivered, be it before the term begins."""
        subscription = self._entitlement(order)
        known = subscription.get("renewal_orders", [])
        others = [one for one in known if one["number"] != order["number"]]
        mine = [{"number": order["number"], "placed_at": order["placed_at"]}]
        after = others + mine if order["kind"] == OrderKind.RENEWAL else others
        if after != known:
            self.work_of(order).remember_entitlement(subscription["number"], {"renewal_orders": after})

    def _entitlement(self, order: Document) -> Document:
        held = self.work_of(order).entitlements.values()
        return next(one for one in held if one["_id"] == order["entitlement_id"])

    def note(self, before: Document | None, paper: Document, changes: Changes, title: str) -> Note:
        """A changed order changes its subscription: the log has no kind of its own for it."""
        replaced = self._replaced.get(paper["_id"])
        instead = f" in place of {', '.join(replaced)}" if replaced else ""
        told = {**changes, "replaced": [replaced, []]} if replaced else changes
        if before is None:
            return Note(ActivityKind.ORDER_ADDED, paper["_id"], f"{title} was added{instead}", told)
        summary = f"{title} changed: {listed(changes)}{instead}"
        return Note(ActivityKind.SUBSCRIPTION_CHANGED, paper["_id"], summary, told)
