"""Billing documents (orders and invoices): lists newest first, for many subscriptions in one query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.paging import EndPageKey, Page
from domain.text.normalization import compose_key
from store.database.client import Document, Session
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.database.stored_fields import Projection, projection_document

Row = TypeVar("Row")
# Each collection of billing documents has an index of this name: partner, subscription, date and id, newest first.
NEWEST_INDEX = "newest"


@dataclass(frozen=True, slots=True)
class BillingDocuments(Generic[Row]):
    """The billing documents of one collection. The caller checks that their customer is visible.

    Documents are ordered by `date_field` and then by id, so of two with the same date the later stored one is newer.
    """

    scope: Scope
    collection: str
    date_field: str
    read: Callable[[Document], Row]

    def listing(self, subscription_id: str, projection: Projection = None) -> Listing[Row]:
        """Return one subscription's list."""
        where = {**self.scope.match(), "entitlement_id": subscription_id}
        columns = (Column(self.date_field, -1, "instant"), Column("_id", -1))
        return Listing(
            self.scope,
            self.collection,
            where,
            columns,
            self.read,
            subscription_id,
            projection=projection,
            index=NEWEST_INDEX,
        )

    async def first_pages(
        self, keys: Sequence[EndPageKey], projection: Projection = None
    ) -> dict[EndPageKey, Page[Row]]:
        """Return the first pages of many subscriptions' lists, by subscription and page size, in one query."""
        documents = await self._read_ends(keys, "$firstN", projection)
        return {(id_, size): self.listing(id_).first_page(documents.get(id_, ()), size) for id_, size in keys}

    async def last_pages(
        self, keys: Sequence[EndPageKey], projection: Projection = None
    ) -> dict[EndPageKey, Page[Row]]:
        """Return the last pages of many subscriptions' lists, by subscription and page size, in one query."""
        documents = await self._read_ends(keys, "$lastN", projection)
        return {(id_, size): self.listing(id_).last_page(documents.get(id_, ())[::-1], size) for id_, size in keys}

    async def _read_ends(
        self, keys: Sequence[EndPageKey], accumulator: str, projection: Projection
    ) -> dict[str, Sequence[Document]]:
        # One row more than the largest page shows whether the list goes on.
        longest = max(size for _, size in keys) + 1
        rows = {accumulator: {"input": "$$ROOT", "n": longest}}
        groups = await self._group({id_ for id_, _ in keys}, {}, {"rows": rows}, projection)
        return {id_: group["rows"] for id_, group in groups.items()}

    async def newest(
        self,
        subscription_ids: Sequence[str],
        where: Document,
        projection: Projection = None,
        *,
        session: Session = None,
    ) -> dict[str, Row]:
        """Return each subscription's newest document that matches, in one query."""
        groups = await self._group(set(subscription_ids), where, {"row": {"$first": "$$ROOT"}}, projection, session)
        return {id_: self.read(group["row"]) for id_, group in groups.items()}

    async def counts(self, subscription_ids: Sequence[str]) -> dict[str, int]:
        """Return the length of each subscription's list, in one query."""
        groups = await self._group(set(subscription_ids), {}, {"count": {"$sum": 1}}, frozenset())
        return {id_: groups[id_]["count"] if id_ in groups else 0 for id_ in subscription_ids}

    async def by_number(self, number: str) -> Row | None:
        """Return the document of this partner with the number."""
        where = {**self.scope.match(), "number": compose_key(number)}
        document = await self.scope.collection(self.collection).find_one(where, {"delivered": 0})
        return None if document is None else self.read(document)

    async def by_ids(self, ids: Sequence[str], projection: Projection = None) -> dict[str, Row]:
        """Return the documents of this partner with these ids, by id, in one query."""
        where = {**self.scope.match(), "_id": {"$in": list(ids)}}
        documents = await self.scope.collection(self.collection).find(where, _project(projection))
        return {document["_id"]: self.read(document) for document in documents}

    async def _group(
        self,
        subscription_ids: set[str],
        where: Document,
        fields: Document,
        projection: Projection,
        session: Session = None,
    ) -> dict[str, Any]:
        pipeline: list[Document] = [
            {"$match": {**self.scope.match(), "entitlement_id": {"$in": sorted(subscription_ids)}, **where}},
            {"$sort": {"entitlement_id": 1, self.date_field: -1, "_id": -1}},
            {"$project": _project(projection, "entitlement_id", self.date_field)},
            {"$group": {"_id": "$entitlement_id", **fields}},
        ]
        groups = await self.scope.collection(self.collection).aggregate(pipeline, hint=NEWEST_INDEX, session=session)
        return {group["_id"]: group for group in groups}


def _project(projection: Projection, *always: str) -> Document:
    # Whether a document is visible follows from its customer.
    return {"delivered": 0} if projection is None else projection_document(projection, "customer_id", *always)
