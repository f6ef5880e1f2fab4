"""One page of a list of customers. This is the entry point of the list planner.

Each customer document has two arrays of keys (domain/customers/keys.py). `keys` has one key for every condition that a
filter can set, `order_keys` those of them that every order can be read by (no words, no holdings, no small buckets).
`keys` has one index in the order of names, `order_keys` one index for each other order:

    by_keys            {keys, partner_id, name_folded, _id}
    by_next_expiry_at  {order_keys, partner_id, next_expiry_sort, name_folded, _id}     (and three more like it)

The customers with one key are therefore contiguous in each index, and sorted. The planner decides by which keys a page
is read. An example: the filter `status in [EXPIRING_SOON], tag X`, 200,000 customers, a page of 50.

1. index_candidates.py turns each condition into keys of which every match has one. Here the candidates are
   (`status:EXPIRING_SOON`,) and (`tag:X`,). A word gives `w:<word>`, a window of time its buckets.
2. key_statistics.py and estimates.py say how many customers have the keys. An uncounted key has the assumed share of
   its dimension: 6 % of 200,000 (12,000) for the status, 3 % (6,000) for the tag. The page requests both counts. A job
   of the process counts them, for instance 9,000 and 700, and later pages use the counts.
3. query_planner.py chooses. **By name**: uncounted, a scan of the tag's customers that drops the others is estimated
   at 51 × 200,000 / 12,000 = 850 reads. A scan of at most 1,200 may be a race: MongoDB reads both keys in turns and
   continues with the one that fills the page first. Counted, the tag has at most 4,000 customers and is read alone.
   **By next expiry**: statuses correlate with ends and tags do not. With 12,000 customers of the tag, a scan by the
   status would be estimated at 51 × 200,000 / 12,000 = 850 reads, reliably, and need no race. With 700 it is all 9,000
   of the status, and the rare tag is read alone. The plan names `by_keys` or `by_next_expiry_at` as the index hint.
4. list_ranges.py describes the parts that the list is read in. By name the list is one range. By next expiry
   descending it is two: customers with an end, then those without, because null is stored as the highest value and
   comes last in both directions. A filter implies limits too (domain/customers/implied_values.py): EXPIRED customers
   have no next expiry, so that their list is one range in the order of names.
5. range_scans.py makes the query of a range. The first page reads `{order_keys: "tag:X", partner_id}` in the order of
   the index, forwards or backwards; the status is checked on each document. The page after the cursor (end E, name N,
   id I) reads three ranges of the same index, merged in order: (E, N, from I), (E, after N), (after E).
6. keyset_pagination.py reads the ranges one after another until the page is full. KeysetPager (store/database/) asks
   for one row more than the page to learn whether a next page exists, and for the cursor's row to learn whether a
   previous one does: a page is one query while that row exists.

Limits, checked by `python -m bench.list`: in the order of names a single condition examines at most 3 documents a row
and takes at most 1.5 times as long as in a partner of 2,000; any other list examines at most 4,000 documents.
Not among them: a range of `createdAt` in the order of sign-ins, and the reverse. The two correlate and no index has
both, so that such a list can examine two fifths of a partner (measured: 16,597 of 40,000).
"""

from collections.abc import Sequence

from domain.cursors.list import list_digest
from domain.customers.conditions import AllOf
from domain.customers.simplification import is_impossible, simplify
from domain.paging import Page, PageRequest
from store.customers.documents import CustomerDocument
from store.customers.list_planner.index_candidates import ListQuery
from store.customers.list_planner.key_statistics import KeyStatistics
from store.customers.list_planner.keyset_pagination import KeysetReader
from store.customers.list_planner.query_planner import EXPECTED_CUSTOMERS, choose_plan
from store.customers.orders import CustomerOrder
from store.database.keyset import Column, KeysetPager, SortKey, sort_key_of
from store.database.scope import Scope
from store.database.stored_fields import Projection

__all__ = ["EXPECTED_CUSTOMERS", "read_page"]


async def read_page(
    scope: Scope,
    condition: AllOf,
    order: CustomerOrder,
    request: PageRequest,
    expected: int = EXPECTED_CUSTOMERS,
    projection: Projection = None,
) -> Page[CustomerDocument]:
    """Return the page; raise InvalidCursor for a cursor of another list, even if the list is empty.

    `expected` is the number of customers that the plan is made for, `projection` the stored keys that are needed.
    """
    columns = order.columns
    pager = KeysetPager(list_digest(scope.partner_id, str(order.field), str(order.direction), condition), columns)
    requested = pager.decode(request)

    def cursor_of(row: CustomerDocument) -> str:
        return pager.cursor(_read_sort_key(columns, row))

    wanted = simplify(condition)
    if is_impossible(wanted):
        return Page((), False, False, cursor_of)
    query = ListQuery(wanted, order, scope.visibility_key, scope.now)
    plan = await choose_plan(query, KeyStatistics(scope), expected)
    reader = KeysetReader(scope, plan, columns, projection)
    rows, has_next, has_previous = await pager.read(requested, reader.find, _read_sort_key)
    return Page(rows, has_next, has_previous, cursor_of)


def _read_sort_key(columns: Sequence[Column], row: CustomerDocument) -> SortKey:
    return sort_key_of(columns, row.document)
