"""One page of a list of customers."""

from domain.cursors.list import list_digest
from domain.customers.filter import AllOf, is_impossible, simplify
from domain.paging import Page, PageRequest
from store.customers.documents import CustomerDocument
from store.customers.list_planner.index_candidates import ListQuery
from store.customers.list_planner.key_statistics import KeyStatistics
from store.customers.list_planner.keyset_pagination import KeysetReader
from store.customers.list_planner.query_planner import EXPECTED_CUSTOMERS, choose_plan
from store.customers.orders import CustomerOrder
from store.database.keyset import KeysetPager, sort_key_of
from store.database.scope import Scope

__all__ = ["EXPECTED_CUSTOMERS", "read_page"]


async def read_page(
    scope: Scope, condition: AllOf, order: CustomerOrder, request: PageRequest, expected: int = EXPECTED_CUSTOMERS
) -> Page[CustomerDocument]:
    """Return the page; raise InvalidCursor for a cursor of another list, even if the list is empty.

    `expected` is the number of customers that the plan is made for.
    """
    columns = order.columns
    pager = KeysetPager(list_digest(scope.partner_id, str(order.field), str(order.direction), condition), columns)
    requested = pager.decode(request)

    def cursor_of(row: CustomerDocument) -> str:
        return pager.cursor(sort_key_of(columns, row.document))

    wanted = simplify(condition)
    if is_impossible(wanted):
        return Page((), False, False, cursor_of)
    query = ListQuery(wanted, order, scope.visibility_key, scope.now)
    plan = await choose_plan(query, KeyStatistics(scope), expected)
    rows, has_next, has_previous = await pager.read(requested, KeysetReader(scope, plan, columns).find)
    return Page(list(map(CustomerDocument, rows)), has_next, has_previous, cursor_of)
