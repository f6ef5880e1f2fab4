"""Orders and invoices of subscriptions."""

from functools import partial
from typing import Any, TypeVar

from domain.paging import PageRequest
from loaders.billing_documents import Papers
from resolvers.connections import UNREAD, Connection
from resolvers.context import Context
from store.entitlements.documents import EntitlementDocument
from store.entitlements.invoices import InvoiceDocument
from store.entitlements.orders import OrderDocument

Row = TypeVar("Row")


async def orders(
    context: Context, subscription: EntitlementDocument, with_page: bool, **page: Any
) -> Connection[OrderDocument]:
    return await _listed(context.loaders.orders, subscription.id, with_page, PageRequest(**page))


async def invoices(
    context: Context, subscription: EntitlementDocument, with_page: bool, **page: Any
) -> Connection[InvoiceDocument]:
    return await _listed(context.loaders.invoices, subscription.id, with_page, PageRequest(**page))


async def invoice(context: Context, subscription: EntitlementDocument) -> InvoiceDocument | None:
    return await context.loaders.standing_invoices.get(subscription.id)


async def _listed(papers: Papers[Row], subscription_id: str, with_page: bool, request: PageRequest) -> Connection[Row]:
    page = await papers.page(subscription_id, request) if with_page else UNREAD
    return Connection(page, partial(papers.count, subscription_id))
