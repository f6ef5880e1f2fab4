"""Lists of customers: the page, the total and the facets, each read only where it is selected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.customer_filter import AllOf, parse_filter
from domain.paging import Page, PageRequest
from domain.types import CustomerOrderField, OrderDirection
from resolvers.context import Context
from store.administrators import AdministratorDocument
from store.customer_facets import CustomerFacets
from store.customers import CustomerDocument, CustomerOrder, Customers

# Stands where nothing of a page was selected, and so nothing of it is ever read.
UNREAD: Page[CustomerDocument] = Page((), False, False, lambda row: row.id)


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A customer and its cursor."""

    cursor: str
    node: CustomerDocument


@dataclass(frozen=True, slots=True)
class CustomerList:
    """A list as it was asked for, and the page of it where one was selected."""

    condition: AllOf
    page: Page[CustomerDocument]

    @property
    def nodes(self) -> list[CustomerDocument]:
        """The customers of the page."""
        return list(self.page.rows)

    @property
    def edges(self) -> list[Edge]:
        """The customers of the page with their cursors."""
        return [Edge(cursor, row) for cursor, row in zip(self.page.cursors, self.page.rows, strict=True)]

    @property
    def page_info(self) -> PageInfo:
        """Whether there is more on either side, and from where to go on."""
        page = self.page
        return PageInfo(page.has_next, page.has_previous, page.start_cursor, page.end_cursor)


async def customers(
    context: Context,
    _root: None,
    with_page: bool,
    filter: Mapping[str, Any] | None = None,
    order_by: Mapping[str, Any] | None = None,
    **page: Any,
) -> CustomerList:
    return await _listed(context, parse_filter(filter), order_by, page, with_page)


async def of_administrator(
    context: Context, administrator: AdministratorDocument, with_page: bool, **page: Any
) -> CustomerList:
    condition = parse_filter({"administrator": [administrator.id]})
    return await _listed(context, condition, None, page, with_page)


async def _listed(
    context: Context, condition: AllOf, order: Mapping[str, Any] | None, asked: Mapping[str, Any], with_page: bool
) -> CustomerList:
    """The list; its page is read only where one is selected, and a wrong request for one is refused in any case."""
    request = PageRequest(**asked)
    given = order or {}
    chosen = CustomerOrder(given.get("field", CustomerOrderField.NAME), given.get("direction", OrderDirection.ASC))
    page = await context.loaders.pages.get((condition, chosen, request)) if with_page else UNREAD
    return CustomerList(condition, page)


async def total_count(context: Context, listed: CustomerList) -> int:
    return await context.loaders.totals.get(listed.condition)


async def facets(context: Context, listed: CustomerList) -> CustomerFacets:
    return await Customers(context.scope).facets(listed.condition)
