"""The papers of subscriptions: first pages and totals of many lists together, pages further on one by one."""

from functools import cached_property
from typing import Generic, TypeVar

from domain.paging import Page, PageRequest
from loaders.batch import BatchLoader
from store.entitlements.newest_documents import BillingDocuments, FirstPageKey

Row = TypeVar("Row")


class BillingDocumentLoaders(Generic[Row]):
    """The orders, or the invoices, of one operation."""

    def __init__(self, newest: BillingDocuments[Row]) -> None:
        self._newest = newest

    @cached_property
    def by_id(self) -> BatchLoader[str, Row]:
        """Papers of the partner by their own ids."""
        return BatchLoader(self._newest.by_ids)

    @cached_property
    def _first(self) -> BatchLoader[FirstPageKey, Page[Row]]:
        return BatchLoader(self._newest.first_pages)

    @cached_property
    def _counts(self) -> BatchLoader[str, int]:
        return BatchLoader(self._newest.counts)

    async def page(self, subscription_id: str, request: PageRequest) -> Page[Row]:
        """A page of one subscription's list; InvalidCursor for a cursor of another list."""
        first = await self._first.get((subscription_id, request.size)) if request.after is None else None
        return first or await self._newest.listing(subscription_id).page(request)

    async def count(self, subscription_id: str) -> int:
        """How long one subscription's list is."""
        return await self._counts.get(subscription_id) or 0
