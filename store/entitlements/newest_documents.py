"""Orders and invoices, the papers of subscriptions: each list newest first, for many subscriptions in one query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.paging import Page
from store.database.client import Document
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope

Row = TypeVar("Row")
FirstPageKey = tuple[str, int]
# Every collection of papers has an index of this name: partner, subscription, the moment and the id, newest first.
NEWEST_INDEX = "newest"


@dataclass(frozen=True, slots=True)
class BillingDocuments(Generic[Row]):
    """The papers of one collection; that their customer is in sight is for the caller to know.

    `date_field` is the field by which one is newer than another; of one moment it is the one that was stored later.
    """

    scope: Scope
    collection: str
    date_field: str
    read: Callable[[Document], Row]

    def listing(self, subscription_id: str) -> Listing[Row]:
        """One subscription's list."""
        where = {**self.scope.match(), "entitlement_id": subscription_id}
        columns = (Column(self.date_field, -1, "instant"), Column("_id", -1))
        return Listing(self.scope, self.collection, where, columns, self.read, subscription_id)

    async def first_pages(self, asked: Sequence[FirstPageKey]) -> dict[FirstPageKey, Page[Row]]:
        """The first pages of many subscriptions' lists, by subscription and size, in one query."""
        longest = max(size for _, size in asked) + 1
        rows = {"$firstN": {"input": "$$ROOT", "n": longest}}
        found = await self._grouped({id_ for id_, _ in asked}, {}, {"rows": rows})
        return {
            (id_, size): self.listing(id_).first_page(found.get(id_, {}).get("rows", ()), size) for id_, size in asked
        }

    async def newest(self, subscription_ids: Sequence[str], where: Document) -> dict[str, Row]:
        """The first of each subscription's list that matches, in one query."""
        found = await self._grouped(set(subscription_ids), where, {"row": {"$first": "$$ROOT"}})
        return {id_: self.read(group["row"]) for id_, group in found.items()}

    async def counts(self, subscription_ids: Sequence[str]) -> dict[str, int]:
        """How long each subscription's list is, in one query."""
        found = await self._grouped(set(subscription_ids), {}, {"count": {"$sum": 1}})
        return {id_: found[id_]["count"] if id_ in found else 0 for id_ in subscription_ids}

    async def by_ids(self, ids: Sequence[str]) -> dict[str, Row]:
        """Those of the ids that stand in the collection for this partner, in one query."""
        where = {**self.scope.match(), "_id": {"$in": list(ids)}}
        found = await self.scope.collection(self.collection).find(where, {"delivered": 0})
        return {document["_id"]: self.read(document) for document in found}

    async def _grouped(self, subscription_ids: set[str], where: Document, fields: Document) -> dict[str, Any]:
        pipeline: list[Document] = [
            {"$match": {**self.scope.match(), "entitlement_id": {"$in": sorted(subscription_ids)}, **where}},
            {"$sort": {"entitlement_id": 1, self.date_field: -1, "_id": -1}},
            {"$unset": "delivered"},
            {"$group": {"_id": "$entitlement_id", **fields}},
        ]
        groups = await self.scope.collection(self.collection).aggregate(pipeline, hint=NEWEST_INDEX)
        return {group["_id"]: group for group in groups}
