"""The cursor that ties an answer to a feed."""

from typing import Protocol

from domain.failures import Unavailable
from resolvers.context import Context
from store.customers.customers import CustomerDocument


class HasCustomer(Protocol):
    """An event of a feed that names a customer."""

    @property
    def customer_id(self) -> str: ...


def feed_cursor(context: Context, _root: None) -> str:
    if context.feed_cursor is None:
        raise Unavailable("The feed is not ready yet; try again.")
    return context.feed_cursor


async def changed_customer(context: Context, change: HasCustomer) -> CustomerDocument | None:
    return await context.loaders.customers.get(change.customer_id)
