"""Orders and invoices of subscriptions."""

from functools import partial
from typing import Any, TypeVar

from domain.paging import PageRequest
from loaders.billing_documents import BillingDocumentLoaders
from resolvers.connections import UNSELECTED_PAGE, Connection
from resolvers.context import Context
from store.entitlements.documents import EntitlementDocument
from store.entitlements.invoices import InvoiceDocument
from store.entitlements.orders import OrderDocument

Row = TypeVar("Row")


async def orders(
    context: Context, subscription: EntitlementDocument, with_page: bool, **page: Any
) -> Connection[OrderDocument]:
    return await _connection(context.loaders.orders, subscription.id, with_page, PageRequest(**page))


async def invoices(
    context: Context, subscription: EntitlementDocument, with_page: bool, **page: Any
) -> Connection[InvoiceDocument]:
    return await _connection(context.loaders.invoices, subscription.id, with_page, PageRequest(**page))


async def invoice(context: Context, subscription: EntitlementDocument) -> InvoiceDocument | None:
    return await context.loaders.newest_valid_invoices.get(subscription.id)


async def _connection(
    loader: BillingDocumentLoaders[Row], subscription_id: str, with_page: bool, request: PageRequest
) -> Connection[Row]:
    page = await loader.page(subscription_id, request) if with_page else UNSELECTED_PAGE
    return Connection(page, partial(loader.count, subscription_id))
