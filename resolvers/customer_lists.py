"""Lists of customers: the page, the total and the facets, each read only where it is selected."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.customers.filter import AllOf, parse_filter
from domain.paging import PageRequest
from domain.types import CustomerOrderField, OrderDirection
from resolvers.connections import UNSELECTED_PAGE, BaseConnection
from resolvers.context import Context
from store.customers.customers import CustomerDocument, CustomerOrder, Customers
from store.customers.facets import CustomerFacets
from store.organization.views import ViewDocument
from store.tags.deleted_tags import without_deleted_tags
from store.tags.documents import TagDocument
from store.tenants.administrators import AdministratorDocument


@dataclass(frozen=True, slots=True)
class CustomerList(BaseConnection[CustomerDocument]):
    """A list as it was asked for, the page of it where one was selected, and how it is counted, if in its own way."""

    condition: AllOf
    count: Callable[[], Awaitable[int]] | None = None


async def customers(
    context: Context,
    _root: None,
    with_page: bool,
    filter: Mapping[str, Any] | None = None,
    order_by: Mapping[str, Any] | None = None,
    **page: Any,
) -> CustomerList:
    return await build_customer_list(context, parse_filter(filter), order_by, page, with_page)


async def administrator_customers(
    context: Context, administrator: AdministratorDocument, with_page: bool, **page: Any
) -> CustomerList:
    condition = parse_filter({"administrator": [administrator.id]})
    return await build_customer_list(context, condition, None, page, with_page)


async def tag_customers(context: Context, tag: TagDocument, with_page: bool, **page: Any) -> CustomerList:
    return await build_customer_list(context, parse_filter({"tag": [tag.id]}), None, page, with_page)


async def view_customers(
    context: Context, view: ViewDocument, with_page: bool, order_by: Mapping[str, Any] | None = None, **page: Any
) -> CustomerList:
    return await build_customer_list(context, parse_filter(view.raw_filter), order_by, page, with_page)


async def build_customer_list(
    context: Context,
    condition: AllOf,
    order: Mapping[str, Any] | None,
    asked: Mapping[str, Any],
    with_page: bool,
    count: Callable[[], Awaitable[int]] | None = None,
) -> CustomerList:
    """The list; its page is read only where one is selected, and a wrong request for one is refused in any case."""
    request = PageRequest(**asked)
    condition = await without_deleted_tags(context.scope, condition)
    given = order or {}
    chosen = CustomerOrder(given.get("field", CustomerOrderField.NAME), given.get("direction", OrderDirection.ASC))
    page = await context.loaders.customer_pages.load((condition, chosen, request)) if with_page else UNSELECTED_PAGE
    return CustomerList(page, condition, count)


async def total_count(context: Context, listed: CustomerList) -> int:
    if listed.count is not None:
        return await listed.count()
    return await context.loaders.customer_totals.load(listed.condition)


async def facets(context: Context, listed: CustomerList) -> CustomerFacets:
    return await Customers(context.scope).facets(listed.condition)
