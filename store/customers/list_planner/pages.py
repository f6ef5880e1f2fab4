"""One page of a list of customers: keyset paging both ways, one query as long as the cursor's row still stands."""

from domain.cursors.list import decode_list_cursor, encode_list_cursor, list_digest
from domain.customers.filter import AllOf, is_impossible, simplify
from domain.paging import Page, PageRequest
from domain.types import CustomerOrderField
from store.customers.documents import CustomerDocument
from store.customers.list_planner.keyset_pagination import KeysetReader
from store.customers.list_planner.orders import CustomerOrder
from store.customers.list_planner.query_planner import choose_plan, has_single_sort_value, implied_range
from store.customers.list_planner.range_scans import RangeScan
from store.customers.list_planner.urgency_scans import UrgencyScan
from store.customers.queries import residual_query
from store.database.keyset import sort_key_of
from store.database.scope import Scope


async def read_page(
    scope: Scope, condition: AllOf, order: CustomerOrder, request: PageRequest, expected: int
) -> Page[CustomerDocument]:
    """The page; InvalidCursor where a cursor is of another list, even if the list is empty."""
    digest = list_digest(scope.partner_id, str(order.field), str(order.direction), condition)
    kinds = [column.kind for column in order.columns]
    after, before = (
        None if cursor is None else decode_list_cursor(digest, kinds, cursor)
        for cursor in (request.after, request.before)
    )

    columns = order.columns

    def cursor_of(row: CustomerDocument) -> str:
        return encode_list_cursor(digest, sort_key_of(columns, row.document))

    wanted = simplify(condition)
    if is_impossible(wanted):
        return Page((), False, False, cursor_of)
    start, end = (before, after) if request.is_backward else (after, before)
    if has_single_sort_value(wanted, order):
        # The name and the id are all that tells the places apart.
        order, start, end = CustomerOrder(), start and start[1:], end and end[1:]
    plan = await choose_plan(scope, wanted, order, expected)
    where = residual_query(scope, wanted, plan.key_sets)
    scan = RangeScan(scope, where, plan, implied_range(scope, wanted, order))
    urgency_scan = UrgencyScan.of(scope, wanted, plan) if order.field is CustomerOrderField.URGENCY else None
    reader = KeysetReader(scan, order, request.is_backward, urgency_scan)
    rows, is_behind, is_ahead = await reader.read(start, end, request.size)
    documents = [CustomerDocument(row) for row in (reversed(rows) if request.is_backward else rows)]
    has_next, has_previous = (is_behind, is_ahead) if request.is_backward else (is_ahead, is_behind)
    return Page(documents, has_next, has_previous, cursor_of)
