"""The orders of a list of customers: the columns that each sorts by, and its index."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from domain.cursors.list import CursorValue, CursorValueKind
from domain.customers.projection import NO_STATUS_RANK
from domain.time.instants import MAX_INSTANT
from domain.types import CustomerOrderField, OrderDirection
from store.database.client import IndexModel
from store.database.keyset import DEFAULT_COLUMNS, Column, inverted

_F = CustomerOrderField
KEYS_INDEX = "by_keys"


class _SortField(NamedTuple):
    """A stored field that a list is sorted by; `null_sentinel` is stored instead of null, above all values."""

    name: str
    kind: CursorValueKind
    null_sentinel: CursorValue = None


_SORT_FIELDS: Mapping[CustomerOrderField, _SortField] = {
    _F.CREATED_AT: _SortField("created_at", "instant"),
    _F.LAST_ADMINISTRATOR_SIGN_IN_AT: _SortField("sign_in_sort", "instant", MAX_INSTANT),
    _F.NEXT_EXPIRY_AT: _SortField("next_expiry_sort", "instant", MAX_INSTANT),
    _F.URGENCY: _SortField("urgency_sort", "rank", NO_STATUS_RANK),
}
_ASCENDING: Mapping[CustomerOrderField, tuple[Column, ...]] = {
    _F.NAME: DEFAULT_COLUMNS,
    **{field: (Column(sort.name, 1, sort.kind), *DEFAULT_COLUMNS) for field, sort in _SORT_FIELDS.items()},
}
_DESCENDING = {field: inverted(columns) for field, columns in _ASCENDING.items()}
_INDEX_NAMES = {field: f"by_{field.lower()}" for field in CustomerOrderField} | {_F.NAME: KEYS_INDEX}


class CustomerOrder(Struct, frozen=True):
    """The order of a list. Ties are ordered by name, then id, in the order's own direction; nulls come last in both."""

    field: CustomerOrderField = CustomerOrderField.NAME
    direction: OrderDirection = OrderDirection.ASC

    @property
    def columns(self) -> tuple[Column, ...]:
        """The stored fields of the total order. Null is stored as a sentinel, so none of them is ever null."""
        return (_ASCENDING if self.direction is OrderDirection.ASC else _DESCENDING)[self.field]

    @property
    def index(self) -> str:
        """The name of the index with the columns, which serves both directions."""
        return _INDEX_NAMES[self.field]

    @property
    def null_sentinel(self) -> CursorValue:
        """The value of the first column that stands for null; None where there is no null."""
        return None if self.field is _F.NAME else _SORT_FIELDS[self.field].null_sentinel

    @property
    def is_time_dependent(self) -> bool:
        """Whether the sort values correlate with statuses and ends; names correlate with countries and words."""
        return self.field is not _F.NAME


def _index(field: CustomerOrderField) -> IndexModel:
    # The keys come first, so that a query can use the index for a key alone. If the partner came first, each query of
    # two range scans would let MongoDB try the whole partner as a third plan.
    array = "keys" if field is _F.NAME else "order_keys"
    columns = [(column.field, column.direction) for column in _ASCENDING[field]]
    return IndexModel([(array, 1), ("partner_id", 1), *columns], name=_INDEX_NAMES[field])


# One index a field: each index and each of its entries costs every write (docs/decisions/0006 and 0009).
ORDER_INDEXES = tuple(_index(field) for field in CustomerOrderField)
