"""Customers, and their subscriptions and trials."""

from collections.abc import Sequence

from domain.types import Product
from loaders.relation import in_key_order
from store.customers.customers import CustomerDocument, Customers
from store.customers.running import RunningCustomerCounts
from store.database.scope import Scope
from store.database.stored_fields import Projection
from store.entitlements.documents import EntitlementDocument, Entitlements


async def read_customers(
    scope: Scope, ids: Sequence[str], projection: Projection = None
) -> list[CustomerDocument | None]:
    """Return the visible customers by id."""
    return in_key_order(ids, await Customers(scope).by_ids(ids, projection))


async def read_entitlements(
    scope: Scope, ids: Sequence[str], projection: Projection = None
) -> list[EntitlementDocument | None]:
    """Return the partner's subscriptions and trials by id, whether or not their customers are visible."""
    return in_key_order(ids, await Entitlements(scope).by_ids(ids, projection))


async def read_entitlements_by_customer(
    scope: Scope, customer_ids: Sequence[str], projection: Projection = None
) -> list[list[EntitlementDocument]]:
    """Return all subscriptions and trials of each customer, newest first."""
    entitlements = await Entitlements(scope).by_customer(customer_ids, projection)
    return [entitlements.get(id_, []) for id_ in customer_ids]


async def count_running_customers(scope: Scope, products: Sequence[Product]) -> list[int]:
    """Return for each product how many visible customers have a running line of it."""
    counts = await RunningCustomerCounts(scope).count_by_product(products)
    return [counts[product] for product in products]
