"""Lists of customers. The page, the total and the facets are each read only if the operation selects them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from domain.customers.conditions import AllOf
from domain.customers.filter import check_filter_permissions, parse_filter
from domain.paging import PageRequest
from domain.types import CustomerOrderField, OrderDirection
from resolvers.connections import UNSELECTED_PAGE, BaseConnection
from resolvers.context import Context
from store.customers.customers import CustomerDocument, CustomerOrder
from store.customers.facets import CustomerFacets
from store.database.stored_fields import Projection
from store.organization.views import ViewDocument
from store.tags.documents import TagDocument
from store.tags.filter_preparation import prepare_filter
from store.tenants.administrators import AdministratorDocument


class PageSelection(NamedTuple):
    """The page arguments of a list, whether its page is selected at all, and the stored keys that its rows need."""

    arguments: Mapping[str, Any]
    is_selected: bool
    projection: Projection = None


class CustomerList(BaseConnection[CustomerDocument], frozen=True):
    """A list: its condition, the selected page, and the function that counts it if it is not counted by condition."""

    condition: AllOf
    count: Callable[[], Awaitable[int]] | None = None


async def parse_customer_filter(context: Context, filter: Mapping[str, Any] | None) -> AllOf:
    """Return the condition of a filter, ready for a query.

    Raise BadUserInput for an invalid one, and Forbidden where it needs a permission that the viewer does not have.
    """
    parsed = parse_filter(filter)
    check_filter_permissions(filter, context.viewer.permissions)
    return await prepare_filter(context.scope, parsed)


async def customers(
    context: Context,
    _root: None,
    with_page: bool,
    filter: Mapping[str, Any] | None = None,
    order_by: Mapping[str, Any] | None = None,
    projection: Projection = None,
    **page: Any,
) -> CustomerList:
    condition = await parse_customer_filter(context, filter)
    return await build_customer_list(context, condition, order_by, PageSelection(page, with_page, projection))


async def administrator_customers(
    context: Context, administrator: AdministratorDocument, with_page: bool, projection: Projection = None, **page: Any
) -> CustomerList:
    condition = parse_filter({"administrator": [administrator.id]})
    return await build_customer_list(context, condition, None, PageSelection(page, with_page, projection))


async def tag_customers(
    context: Context, tag: TagDocument, with_page: bool, projection: Projection = None, **page: Any
) -> CustomerList:
    condition = await parse_customer_filter(context, {"tag": [tag.id]})
    return await build_customer_list(context, condition, None, PageSelection(page, with_page, projection))


async def view_customers(
    context: Context,
    view: ViewDocument,
    with_page: bool,
    order_by: Mapping[str, Any] | None = None,
    projection: Projection = None,
    **page: Any,
) -> CustomerList:
    condition = await parse_customer_filter(context, view.raw_filter)
    return await build_customer_list(context, condition, order_by, PageSelection(page, with_page, projection))


async def build_customer_list(
    context: Context,
    condition: AllOf,
    order: Mapping[str, Any] | None,
    selection: PageSelection,
    count: Callable[[], Awaitable[int]] | None = None,
) -> CustomerList:
    """Return the list. A bad page request is an error even if no page is selected.

    A `condition` from a filter is the one that `parse_customer_filter` returns.
    """
    request = PageRequest(**selection.arguments)
    raw_order = order or {}
    list_order = CustomerOrder(
        raw_order.get("field", CustomerOrderField.NAME), raw_order.get("direction", OrderDirection.ASC)
    )
    if not selection.is_selected:
        return CustomerList(UNSELECTED_PAGE, condition, count)
    key = condition, list_order, request, selection.projection
    return CustomerList(await context.loaders.customer_pages.load(key), condition, count)


async def total_count(context: Context, customer_list: CustomerList) -> int:
    if customer_list.count is not None:
        return await customer_list.count()
    return await context.customer_counts.count(customer_list.condition)


async def facets(context: Context, customer_list: CustomerList) -> CustomerFacets:
    return await context.customer_counts.facets(customer_list.condition)
