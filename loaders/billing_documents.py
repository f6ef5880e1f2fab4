"""Orders and invoices: by their own ids, and as lists of subscriptions."""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from domain.paging import Page, PageRequest
from loaders.pages import PageKey, read_pages
from loaders.relation import in_key_order
from store.database.scope import Scope
from store.database.stored_fields import Projection
from store.entitlements.invoices import InvoiceDocument, Invoices
from store.entitlements.newest_documents import BillingDocuments
from store.entitlements.orders import OrderDocument, orders

Row = TypeVar("Row")
Pages = list[Page[Row] | BaseException | None]


async def read_orders(scope: Scope, ids: Sequence[str], projection: Projection = None) -> list[OrderDocument | None]:
    """Return the partner's orders by id."""
    return in_key_order(ids, await orders(scope).by_ids(ids, projection))


async def read_order_pages(
    scope: Scope, keys: Sequence[PageKey], projection: Projection = None
) -> Pages[OrderDocument]:
    """Return pages of the orders of subscriptions."""
    return await _read_pages(orders(scope), keys, projection)


async def count_orders(scope: Scope, subscription_ids: Sequence[str]) -> list[int]:
    """Return the number of orders of each subscription."""
    return await _count(orders(scope), subscription_ids)


async def read_invoices(
    scope: Scope, ids: Sequence[str], projection: Projection = None
) -> list[InvoiceDocument | None]:
    """Return the partner's invoices by id."""
    return in_key_order(ids, await Invoices(scope).by_ids(ids, projection))


async def read_invoice_pages(
    scope: Scope, keys: Sequence[PageKey], projection: Projection = None
) -> Pages[InvoiceDocument]:
    """Return pages of the invoices of subscriptions."""
    return await _read_pages(Invoices(scope), keys, projection)


async def count_invoices(scope: Scope, subscription_ids: Sequence[str]) -> list[int]:
    """Return the number of invoices of each subscription."""
    return await _count(Invoices(scope), subscription_ids)


async def read_newest_valid_invoices(
    scope: Scope, subscription_ids: Sequence[str], projection: Projection = None
) -> list[InvoiceDocument | None]:
    """Return the newest invoice of each subscription that is not VOID."""
    return in_key_order(subscription_ids, await Invoices(scope).newest_not_void(subscription_ids, projection))


async def _read_pages(documents: BillingDocuments[Row], keys: Sequence[PageKey], projection: Projection) -> Pages[Row]:
    async def read_page(subscription_id: str, request: PageRequest) -> Page[Row]:
        return await documents.listing(subscription_id, projection).page(request)

    first_pages = partial(documents.first_pages, projection=projection)
    last_pages = partial(documents.last_pages, projection=projection)
    return await read_pages(keys, first_pages, read_page, last_pages)


async def _count(documents: BillingDocuments[Row], subscription_ids: Sequence[str]) -> list[int]:
    counts = await documents.counts(subscription_ids)
    return [counts[id_] for id_ in subscription_ids]
