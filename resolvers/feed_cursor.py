"""Feed cursors as fields: of an operation's moment, and of a change."""

from typing import Protocol

from domain.failures import Unavailable
from resolvers.context import Context
from resolvers.feeds import FeedChange
from store.customers.customers import CustomerDocument


class HasCustomer(Protocol):
    """A change that names a customer."""

    @property
    def customer_id(self) -> str: ...


def feed_cursor(context: Context, _root: None) -> str:
    if context.feed_cursor is None:
        raise Unavailable("The feed is not ready yet; try again.")
    return context.feed_cursor


def change_cursor(context: Context, change: FeedChange) -> str:
    cursor: str = context.feed.cursor(context.scope.partner_id, change.position)
    return cursor


async def changed_customer(context: Context, change: HasCustomer) -> CustomerDocument | None:
    return await context.loaders.customers.load(change.customer_id)
